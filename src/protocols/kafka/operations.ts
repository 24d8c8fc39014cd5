import type { Stream } from '../../hub/engine.ts';
import { hasScopes } from '../../model/principal.ts';
import type { RequestContext } from './context.ts';
import { ERROR } from './errors.ts';
import { findTopic } from './topics.ts';

/** Bits of org.apache.kafka.common.acl.AclOperation. */
const OPERATION = {
  read: 1 << 3,
  write: 1 << 4,
  create: 1 << 5,
  remove: 1 << 6,
  alter: 1 << 7,
  describe: 1 << 8,
  describeConfigs: 1 << 10,
  alterConfigs: 1 << 11,
  idempotentWrite: 1 << 12,
} as const;

/** What stands where nobody asked. */
export const NOT_ASKED = -2_147_483_648;

/** What the caller may do with a topic. */
export function topicOperations(context: RequestContext, { name }: Stream): number {
  const may = (access: 'read' | 'write' | 'manage'): boolean =>
    findTopic(context, { name }, access).error === ERROR.NONE;
  let bits: number = OPERATION.describe | OPERATION.describeConfigs;
  if (may('read')) bits |= OPERATION.read;
  if (may('write')) bits |= OPERATION.write;
  if (may('manage')) bits |= OPERATION.remove | OPERATION.alter | OPERATION.alterConfigs;
  return bits;
}

export function clusterOperations({ client }: RequestContext): number {
  const bits = OPERATION.describe | OPERATION.create | OPERATION.idempotentWrite;
  const all = hasScopes(client.origin.principal, ['*']);
  return all ? bits | OPERATION.alter | OPERATION.describeConfigs : bits;
}
