import { Reader } from '../../wire/reader.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { ClassicGroup } from './group.ts';

const CONSUMER = 'consumer';

/** The topics that members of a classic group of consumers subscribe to; undefined where their
 * metadata is of another kind. */
export function subscribedTopics(group: ClassicGroup): ReadonlySet<string> | undefined {
  const { members, protocolType } = group.roster;
  if (protocolType !== CONSUMER) return undefined;
  const topics = new Set<string>();
  for (const { protocols } of members.values()) {
    const metadata = protocols.find(({ name }) => name === group.protocol) ?? protocols[0];
    const own = metadata && readSubscription(metadata.metadata);
    if (own === undefined) return undefined;
    for (const topic of own) topics.add(topic);
  }
  return topics;
}

/**
 * The beginning of what consumers say of themselves (ConsumerProtocolSubscription.json), which is
 * the same in all its versions:
 *
 *     version(int16) [topic(string)] ...
 */
export function readSubscription(metadata: Buffer): string[] | undefined {
  const reader = new Reader(metadata);
  try {
    if (reader.int16() < 0) return undefined;
    const count = reader.count(false, 2) ?? 0;
    return Array.from({ length: count }, () => reader.string(false) ?? '');
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
