import type { RequestContext } from '../../context.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { topicErrorOf } from '../../faults.ts';
import type { Groups } from '../groups.ts';
import { mayRead } from '../stream-topics.ts';
import { findTopic, type TopicName } from './intake.ts';
import type { CommittedOffset } from './record.ts';

const NO_OFFSET = -1;

export interface FetchedTopic {
  readonly name: string;
  readonly topicId?: string;
  readonly partitions: readonly FetchedPartition[];
}

export interface FetchedPartition {
  readonly partitionIndex: number;
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string | null;
  readonly errorCode: KafkaError;
}

export interface OffsetQuery {
  readonly groupId: string;
  /** An offset that a transaction may replace is not told (KIP-447). */
  readonly requireStable: boolean;
  readonly context: RequestContext;
}

/** All that a group has, of the topics that the caller may read. */
export function fetchAll(groups: Groups, query: OffsetQuery): FetchedTopic[] {
  const { broker, client } = query.context;
  const offsets = groups.offsets.group(query.groupId);
  const names = [...(offsets?.topics() ?? [])];
  return names
    .filter((name) => mayRead(broker.streams, name, client.origin))
    .map((name) =>
      fetchTopic(groups, query, { name }, [...(offsets?.partitions(name)?.keys() ?? [])]),
    );
}

export function fetchTopic(
  groups: Groups,
  query: OffsetQuery,
  topic: TopicName,
  partitions: readonly number[],
): FetchedTopic {
  try {
    const { name, id } = findTopic(topic, query.context);
    return {
      name,
      topicId: id,
      partitions: partitions.map((one) => fetchPartition(groups, query, name, one)),
    };
  } catch (thrown) {
    return unreadable(topic, partitions, topicErrorOf(thrown));
  }
}

/** A topic that is not there has no offsets, which is no error for who asks by name. */
function unreadable(
  topic: TopicName,
  partitions: readonly number[],
  error: KafkaError,
): FetchedTopic {
  const missing = error === ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  if ('id' in topic) {
    const code = missing ? ERROR.UNKNOWN_TOPIC_ID : error;
    return { name: '', topicId: topic.id, partitions: partitions.map((one) => none(one, code)) };
  }
  const code = missing ? ERROR.NONE : error;
  return { name: topic.name, partitions: partitions.map((one) => none(one, code)) };
}

function fetchPartition(
  groups: Groups,
  { groupId, requireStable }: OffsetQuery,
  topic: string,
  partition: number,
): FetchedPartition {
  if (requireStable && groups.offsets.isPending(groupId, topic, partition)) {
    return none(partition, ERROR.UNSTABLE_OFFSET_COMMIT);
  }
  const committed = groups.offsets.group(groupId)?.get(topic, partition);
  return committed === undefined ? none(partition, ERROR.NONE) : some(partition, committed);
}

function some(partitionIndex: number, committed: CommittedOffset): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: committed.offset,
    committedLeaderEpoch: committed.leaderEpoch,
    metadata: committed.metadata,
    errorCode: ERROR.NONE,
  };
}

function none(partitionIndex: number, errorCode: KafkaError): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: NO_OFFSET,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode,
  };
}
