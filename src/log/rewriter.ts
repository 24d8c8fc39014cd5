import {
  ATTRIBUTE,
  BATCH,
  baseOffsetOf,
  batchBytes,
  compressionOf,
  isControl,
  isTransactional,
  readInt64,
} from '../formats/records/batch.ts';
import { BatchBuilder } from '../formats/records/batch-builder.ts';
import { RecordReader } from '../formats/records/record-reader.ts';
import type { Environment } from './environment.ts';
import type { File } from './files.ts';
import { writeIndex } from './index-file.ts';
import { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import { indexPath, logPath, segmentName } from './segment-names.ts';

const WRITE_BYTES = 1024 * 1024;

/** Writes segments anew, as one, with some of their records; offsets stay as they are. */
export class Rewriter {
  readonly #environment: Environment;
  readonly #segments: SegmentList;
  readonly #group: readonly Segment[];
  readonly #file: File;
  readonly #path: string;
  readonly #segment: Segment;
  readonly #builder = new BatchBuilder();
  readonly #reader = new RecordReader();
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #written = 0;

  private constructor(
    environment: Environment,
    segments: SegmentList,
    group: readonly Segment[],
    segment: Segment,
    file: File,
  ) {
    this.#environment = environment;
    this.#segments = segments;
    this.#group = group;
    this.#segment = segment;
    this.#file = file;
    this.#path = cleanedPath(segments, segment);
  }

  static async open(
    environment: Environment,
    segments: SegmentList,
    group: readonly Segment[],
  ): Promise<Rewriter> {
    const base = group[0]!.base;
    const segment = new Segment(base, segmentName(base, group.at(-1)!.next));
    const path = cleanedPath(segments, segment);
    await environment.files.remove(path);
    const file = await environment.files.open(path, 'write');
    return new Rewriter(environment, segments, group, segment, file);
  }

  /** Takes what is kept of the batch at `at`, which lies in the segment `from`. */
  async add(
    buffer: Buffer,
    at: number,
    from: Segment,
    keeps: (reader: RecordReader) => boolean,
  ): Promise<void> {
    const batch = this.#filtered(buffer, at, keeps);
    if (batch === undefined) return;
    this.#segment.add(batch, 0, from.lastAppendMs);
    this.#waiting.push(batch);
    this.#waitingBytes += batch.length;
    if (this.#waitingBytes >= WRITE_BYTES) await this.#flush();
  }

  /** The new segment takes the place of the old ones. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.sync();
    await this.#file.close();
    const { files, cache } = this.#environment;
    const { folder } = this.#segments;
    const segment = this.#segment;
    segment.next = this.#group.at(-1)!.next;
    segment.synced = segment.size;
    segment.firstAppendMs = this.#group[0]!.firstAppendMs;
    segment.lastAppendMs = this.#group.at(-1)!.lastAppendMs;
    for (const old of this.#group) segment.aborted.push(...old.aborted);
    const path = logPath(folder, segment.name);
    // An index of an earlier rewriting of the same name says nothing of these bytes.
    await files.remove(indexPath(folder, segment.name));
    await files.rename(this.#path, path);
    await files.syncFolder(folder);
    cache.forget(path);
    const others = this.#group.filter(({ name }) => name !== segment.name);
    this.#segments.replace(this.#group, segment);
    await writeIndex(files, folder, segment);
    segment.index = undefined;
    await this.#segments.drop(others);
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await this.#environment.files.remove(this.#path);
  }

  #filtered(
    buffer: Buffer,
    at: number,
    keeps: (reader: RecordReader) => boolean,
  ): Buffer | undefined {
    const builder = this.#builder;
    const attributes = buffer.readUInt16BE(at + BATCH.attributes);
    builder.start({
      baseOffset: baseOffsetOf(buffer, at),
      leaderEpoch: buffer.readInt32BE(at + BATCH.epoch),
      compression: compressionOf(buffer, at) ?? 'none',
      producerId: buffer.readBigInt64BE(at + BATCH.producerId),
      producerEpoch: buffer.readInt16BE(at + BATCH.producerEpoch),
      baseSequence: buffer.readInt32BE(at + BATCH.baseSequence),
      transactional: isTransactional(buffer, at),
      control: isControl(buffer, at),
      appendTimeMs:
        (attributes & ATTRIBUTE.appendTime) === 0
          ? undefined
          : readInt64(buffer, at + BATCH.maxTime),
    });
    const reader = this.#reader;
    reader.open(buffer, at);
    let dropped = 0;
    while (reader.next()) {
      if (keeps(reader)) builder.copy(reader);
      else dropped++;
    }
    if (dropped === 0) return buffer.subarray(at, at + batchBytes(buffer, at));
    if (builder.count === 0) return undefined;
    const lastOffsetDelta = buffer.readInt32BE(at + BATCH.lastOffsetDelta);
    return Buffer.from(builder.finish({ lastOffsetDelta }));
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    await this.#file.write(waiting, this.#written);
    this.#written += this.#waitingBytes;
    this.#waitingBytes = 0;
  }
}

function cleanedPath(segments: SegmentList, segment: Segment): string {
  return `${logPath(segments.folder, segment.name)}.cleaned`;
}
