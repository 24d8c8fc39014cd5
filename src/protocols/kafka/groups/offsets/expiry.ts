import type { ClassicGroup, GroupContext } from '../classic/group.ts';
import { subscribedTopics } from '../classic/subscribed-topics.ts';
import type { ConsumerGroup } from '../consumer/group.ts';
import type { GroupOffsets } from './group-offsets.ts';
import type { CommittedOffset, PartitionOffset } from './record.ts';

/**
 * Offsets whose time is over (KIP-211): those of a group without members, when it has had none for
 * as long as offsets are kept; of one with members, where nobody subscribes to the topic; of one
 * that never had members, from their commit on.
 */
export function expired(
  group: ClassicGroup | ConsumerGroup,
  offsets: GroupOffsets,
  { clock, settings }: GroupContext,
): PartitionOffset[] {
  if (group.kind === 'classic' && group.state !== 'Empty' && group.state !== 'Stable') return [];
  const since = beginOf(group);
  const isOver = (topic: string, committed: CommittedOffset): boolean => {
    if (isSubscribed(group, topic)) return false;
    const endMs =
      committed.expireMs >= 0
        ? committed.expireMs
        : Math.max(since, committed.commitMs) + settings.offsetRetentionMs;
    return clock.wallMs >= endMs;
  };
  return [...offsets.all()].filter(({ topic, committed }) => isOver(topic, committed));
}

function beginOf(group: ClassicGroup | ConsumerGroup): number {
  if (group.state !== 'Empty') return 0;
  const hadMembers = group.kind === 'consumer' || group.roster.protocolType !== undefined;
  return hadMembers ? group.emptySinceMs : 0;
}

/** Whether a member of the group reads the topic. */
export function isSubscribed(group: ClassicGroup | ConsumerGroup, topic: string): boolean {
  if (group.kind === 'consumer') {
    for (const { topics } of group.members.values()) if (topics.includes(topic)) return true;
    return false;
  }
  if (group.roster.size === 0) return false;
  const topics = subscribedTopics(group);
  // Of other groups (workers of Kafka Connect) nobody knows what they do with topics.
  return topics === undefined || topics.has(topic);
}
