import {
  ATTRIBUTE,
  BATCH,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD,
  COMPRESSIONS,
  type Compression,
  writeInt64,
} from './batch.ts';
import { pack } from './compression.ts';
import type { RecordReader } from './record-reader.ts';
import { seal } from './stamp.ts';

export interface BatchOptions {
  /** 0 where nothing is said; the log sets it. */
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  readonly compression?: Compression;
  /** 64-bit; -1 for none. */
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** The time that all records have; undefined where each keeps its maker's. */
  readonly appendTimeMs?: number | undefined;
}

/** What only the end shows. */
export interface BatchEnding {
  /** Past the last record where the offsets of records that are gone are covered too. */
  readonly lastOffsetDelta?: number;
  readonly compression?: Compression;
}

type Headers = readonly (readonly [name: string, value: Uint8Array | null])[];

const NO_HEADERS: Headers = [];
const START_BYTES = 4096;
/** Varints of a record before its key, in the worst case: length, attributes, time, offset. */
const PREFIX_BYTES = 5 + 1 + 10 + 5;

/**
 * Builds record batches (magic 2) in one buffer that grows and is used again:
 *
 *     builder.start();
 *     for (const record of records) builder.add(record.timeMs, record.key, record.value, record.headers);
 *     const batch = builder.finish(); // a view, valid until the next start
 */
export class BatchBuilder {
  /** Records since `start`. */
  count = 0;
  #buffer: Buffer;
  #at = BATCH_HEADER_BYTES;
  #options: BatchOptions = {};
  #baseTimeMs = 0;
  #maxTimeMs = -1;
  #lastDelta = -1;

  constructor(startBytes = START_BYTES) {
    this.#buffer = Buffer.allocUnsafe(Math.max(startBytes, BATCH_HEADER_BYTES));
  }

  /** Bytes of the batch so far, before compression. */
  get bytes(): number {
    return this.#at;
  }

  start(options: BatchOptions = {}): void {
    this.#options = options;
    this.count = 0;
    this.#at = BATCH_HEADER_BYTES;
    this.#maxTimeMs = -1;
    this.#lastDelta = -1;
  }

  /** Appends a record with the next offset. Time in milliseconds, -1 for none. */
  add(
    timeMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers = NO_HEADERS,
  ): void {
    const delta = this.#lastDelta + 1;
    this.#begin(timeMs, delta);
    let body = prefixBytes(timeMs - this.#baseTimeMs, delta) + fieldBytes(key) + fieldBytes(value);
    body += varintBytes(headers.length);
    for (let index = 0; index < headers.length; index++) {
      const header = headers[index]!;
      const nameBytes = Buffer.byteLength(header[0]);
      body += varintBytes(nameBytes) + nameBytes + fieldBytes(header[1]);
    }
    this.#prefix(body, timeMs, delta);
    this.#field(key);
    this.#field(value);
    this.#int(headers.length);
    for (let index = 0; index < headers.length; index++) {
      const header = headers[index]!;
      this.#int(Buffer.byteLength(header[0]));
      this.#at += this.#buffer.write(header[0], this.#at);
      this.#field(header[1]);
    }
  }

  /** Appends the reader's current record as it is, with its offset, which must lie above the last
   * one's and not before the base offset: for compaction. */
  copy(reader: RecordReader): void {
    const delta = reader.offset - (this.#options.baseOffset ?? 0);
    const { timeMs, key, value, headerBytes } = reader;
    this.#begin(timeMs, delta);
    const prefix = prefixBytes(timeMs - this.#baseTimeMs, delta);
    this.#prefix(prefix + fieldBytes(key) + fieldBytes(value) + headerBytes.length, timeMs, delta);
    this.#field(key);
    this.#field(value);
    this.#bytes(headerBytes);
  }

  /** The batch, as a view that is valid until the next `start`. */
  finish(ending: BatchEnding = {}): Buffer {
    const compression = ending.compression ?? this.#options.compression ?? 'none';
    const lastOffsetDelta = ending.lastOffsetDelta ?? this.#lastDelta;
    let batch = this.#buffer.subarray(0, this.#at);
    if (compression !== 'none') {
      const packed = pack(compression, batch.subarray(BATCH_HEADER_BYTES));
      batch = Buffer.concat([batch.subarray(0, BATCH_HEADER_BYTES), packed]);
    }
    this.#writeHeader(batch, compression, lastOffsetDelta);
    seal(batch);
    return batch;
  }

  #writeHeader(batch: Buffer, compression: Compression, lastOffsetDelta: number): void {
    const options = this.#options;
    const attributes =
      COMPRESSIONS.indexOf(compression) |
      (options.appendTimeMs === undefined ? 0 : ATTRIBUTE.appendTime) |
      (options.transactional ? ATTRIBUTE.transactional : 0) |
      (options.control ? ATTRIBUTE.control : 0);
    writeInt64(batch, options.baseOffset ?? 0, BATCH.baseOffset);
    batch.writeInt32BE(batch.length - BATCH_OVERHEAD, BATCH.length);
    batch.writeInt32BE(options.leaderEpoch ?? 0, BATCH.epoch);
    batch.writeInt8(2, BATCH.magic);
    batch.writeInt16BE(attributes, BATCH.attributes);
    batch.writeInt32BE(lastOffsetDelta, BATCH.lastOffsetDelta);
    writeInt64(batch, this.count === 0 ? -1 : this.#baseTimeMs, BATCH.baseTime);
    writeInt64(batch, options.appendTimeMs ?? this.#maxTimeMs, BATCH.maxTime);
    batch.writeBigInt64BE(options.producerId ?? -1n, BATCH.producerId);
    batch.writeInt16BE(options.producerEpoch ?? -1, BATCH.producerEpoch);
    batch.writeInt32BE(options.baseSequence ?? -1, BATCH.baseSequence);
    batch.writeInt32BE(this.count, BATCH.count);
  }

  #begin(timeMs: number, delta: number): void {
    if (this.count === 0) this.#baseTimeMs = timeMs;
    if (timeMs > this.#maxTimeMs) this.#maxTimeMs = timeMs;
    this.#lastDelta = delta;
    this.count++;
  }

  #prefix(body: number, timeMs: number, delta: number): void {
    this.#reserve(body + PREFIX_BYTES);
    this.#int(body);
    this.#buffer[this.#at++] = 0;
    this.#long(timeMs - this.#baseTimeMs);
    this.#int(delta);
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }

  #field(bytes: Uint8Array | null): void {
    if (bytes === null) {
      this.#int(-1);
      return;
    }
    this.#int(bytes.length);
    this.#bytes(bytes);
  }

  #bytes(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #int(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
  }

  #long(value: number): void {
    let rest = value < 0 ? -value * 2 - 1 : value * 2;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#at++] = rest;
  }
}

function prefixBytes(timeDelta: number, delta: number): number {
  let bytes = 2;
  for (let rest = timeDelta < 0 ? -timeDelta * 2 - 1 : timeDelta * 2; rest > 0x7f; bytes++) {
    rest = Math.floor(rest / 128);
  }
  return bytes + varintBytes(delta);
}

function fieldBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length;
}

/** Of a number that is not negative. */
function varintBytes(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x2000) return 2;
  if (value < 0x10_0000) return 3;
  return value < 0x800_0000 ? 4 : 5;
}
