import type { AnyHandler } from '../dispatch.ts';
import { consumerGroupDescribe } from './api/consumer-group-describe.ts';
import { consumerGroupHeartbeat } from './api/consumer-group-heartbeat.ts';
import { deleteGroups } from './api/delete-groups.ts';
import { describeGroups } from './api/describe-groups.ts';
import { findCoordinator } from './api/find-coordinator.ts';
import { heartbeat } from './api/heartbeat.ts';
import { joinGroup } from './api/join-group.ts';
import { leaveGroup } from './api/leave-group.ts';
import { listGroups } from './api/list-groups.ts';
import { offsetCommit } from './api/offset-commit.ts';
import { offsetDelete } from './api/offset-delete.ts';
import { offsetFetch } from './api/offset-fetch.ts';
import { syncGroup } from './api/sync-group.ts';

/** Consumer groups of both protocols, and their offsets. */
export const GROUP_HANDLERS: readonly AnyHandler[] = [
  findCoordinator,
  joinGroup,
  syncGroup,
  heartbeat,
  leaveGroup,
  offsetCommit,
  offsetFetch,
  offsetDelete,
  listGroups,
  describeGroups,
  deleteGroups,
  consumerGroupHeartbeat,
  consumerGroupDescribe,
];
