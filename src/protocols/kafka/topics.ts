import type { Partition, Stream } from '../../hub/engine.ts';
import type { StreamAccess } from '../../hub/streams.ts';
import { Fault } from '../../model/fault.ts';
import type { RequestContext } from './context.ts';
import { ERROR, type KafkaError } from './errors.ts';
import { topicErrorOf } from './faults.ts';
import { ZERO_UUID } from './wire/reader.ts';

/**
 * Topics are the hub's streams of the same names, whose rules are Kafka's own: 1 to 249 letters,
 * digits, dots, hyphens and underscores. A topic's id is its stream's.
 */
const LEGAL = /^[A-Za-z0-9._-]{1,249}$/;

export function isTopicName(name: string): boolean {
  return LEGAL.test(name) && name !== '.' && name !== '..';
}

/** A topic that was asked for: the stream, or why not. */
export type Found<T> =
  | { readonly value: T; readonly error: typeof ERROR.NONE; readonly thrown?: undefined }
  | { readonly value?: undefined; readonly error: KafkaError; readonly thrown?: unknown };

/** Topics are asked for by name, or by id in the versions that have ids. */
export interface TopicRef {
  readonly name?: string | null;
  readonly topicId?: string;
}

export function findTopic(
  { broker, client }: RequestContext,
  { name, topicId = ZERO_UUID }: TopicRef,
  access: StreamAccess,
): Found<Stream> {
  const { streams } = broker;
  const byId = topicId !== ZERO_UUID;
  try {
    const value = byId
      ? streams.byId(topicId, access, client.origin)
      : streams.get(name ?? '', access, client.origin);
    return { value, error: ERROR.NONE };
  } catch (thrown) {
    const unknown = byId && Fault.from(thrown).code === 'NOT_FOUND';
    return { error: unknown ? ERROR.UNKNOWN_TOPIC_ID : topicErrorOf(thrown), thrown };
  }
}

/** A topic that the caller may at least see. */
export function seeTopic(context: RequestContext, topic: TopicRef): Found<Stream> {
  const found = findTopic(context, topic, 'read');
  if (found.error !== ERROR.TOPIC_AUTHORIZATION_FAILED) return found;
  const writable = findTopic(context, topic, 'write');
  return writable.error === ERROR.NONE ? writable : found;
}

export function partitionOf({ value, error }: Found<Stream>, index: number): Found<Partition> {
  if (value === undefined) return { error };
  const partition = value.partitions[index];
  if (partition === undefined) return { error: ERROR.UNKNOWN_TOPIC_OR_PARTITION };
  return { value: partition, error: ERROR.NONE };
}

/** What a client that knows the leader's epoch is told: it, or this broker, is behind. */
export function epochError(partition: Partition, currentLeaderEpoch: number): KafkaError {
  if (currentLeaderEpoch < 0 || currentLeaderEpoch === partition.epoch) return ERROR.NONE;
  return currentLeaderEpoch < partition.epoch
    ? ERROR.FENCED_LEADER_EPOCH
    : ERROR.UNKNOWN_LEADER_EPOCH;
}

/** The epoch in which the record at `offset` was written. */
export function epochAt(partition: Partition, offset: number): number {
  let { epoch } = partition;
  while (epoch > 0) {
    const before = partition.epochEnd(epoch - 1);
    if (before.endOffset <= offset) break;
    epoch = before.epoch;
  }
  return epoch;
}
