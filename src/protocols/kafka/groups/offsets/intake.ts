import type { Stream } from '../../../../hub/engine.ts';
import type { RequestContext } from '../../context.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { topicErrorOf } from '../../faults.ts';
import type { Groups } from '../groups.ts';
import { OFFSET_BYTES, type PartitionOffset } from './record.ts';

export interface AskedOffset {
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export type TopicName = { readonly name: string } | { readonly id: string };

/** Checks the offsets of one request, and collects those that may be committed. */
export class OffsetIntake {
  readonly offsets: PartitionOffset[] = [];
  readonly #groups: Groups;
  readonly #context: RequestContext;
  readonly #expireMs: number;
  readonly #commitMs: number;
  #bytes = 0;

  /** @param retentionMs of this request's offsets; -1 for that of groups */
  constructor(groups: Groups, context: RequestContext, retentionMs: number) {
    this.#groups = groups;
    this.#context = context;
    this.#commitMs = groups.context.clock.wallMs;
    this.#expireMs = retentionMs < 0 ? -1 : this.#commitMs + retentionMs;
  }

  /** Answers an error for each. */
  takeTopic(topic: TopicName, asked: readonly AskedOffset[]): KafkaError[] {
    let stream: Stream;
    try {
      stream = findTopic(topic, this.#context);
    } catch (thrown) {
      const error = topicErrorOf(thrown);
      const unknown = error === ERROR.UNKNOWN_TOPIC_OR_PARTITION && 'id' in topic;
      return asked.map(() => (unknown ? ERROR.UNKNOWN_TOPIC_ID : error));
    }
    return asked.map((one) => this.#take(stream, one));
  }

  #take(stream: Stream, { partition, offset, leaderEpoch, metadata }: AskedOffset): KafkaError {
    if (stream.partitions[partition] === undefined) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
    const { settings, budget } = this.#groups.context;
    const bytes = Buffer.byteLength(metadata);
    if (bytes > settings.maxOffsetMetadataBytes) return ERROR.OFFSET_METADATA_TOO_LARGE;
    this.#bytes += OFFSET_BYTES + bytes;
    if (!budget.fits(this.#bytes)) return ERROR.INVALID_COMMIT_OFFSET_SIZE;
    this.offsets.push({
      topic: stream.name,
      partition,
      committed: {
        offset,
        leaderEpoch,
        metadata,
        commitMs: this.#commitMs,
        expireMs: this.#expireMs,
        streamNumber: stream.number,
        sequence: this.#groups.offsets.nextSequence(),
      },
    });
    return ERROR.NONE;
  }
}

/** @throws Fault as `Streams.get` does */
export function findTopic(topic: TopicName, { broker, client }: RequestContext): Stream {
  return 'id' in topic
    ? broker.streams.byId(topic.id, 'read', client.origin)
    : broker.streams.get(topic.name, 'read', client.origin);
}
