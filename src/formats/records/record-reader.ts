import { ATTRIBUTE, BATCH, batchBytes, COMPRESSIONS, readInt64 } from './batch.ts';
import { MAX_UNPACKED_BYTES, unpack } from './compression.ts';
import { RecordsFault } from './fault.ts';

export type RecordHeader = readonly [name: string, value: Buffer | null];

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Reads the records of a batch, one after the other, without an object for each:
 *
 *     reader.open(batch);
 *     while (reader.next()) use(reader.offset, reader.timeMs, reader.key, reader.value, reader.headers());
 *
 * Keys, values and headers are views of the batch (of the unpacked bytes, where it is compressed)
 * and stay valid after the next record. One reader serves any number of batches.
 *
 * A record: length varint, attributes int8, time delta varlong, offset delta varint, key length
 * varint (-1 none) and key, value the same, count of headers varint, then for each name length,
 * name (UTF-8), value length (-1 none), value. Varints are zigzag (Apache Kafka, "Record").
 */
export class RecordReader {
  /** Of the current record. */
  offset = 0;
  /** Its place among the offsets of the batch. */
  offsetDelta = 0;
  /** Milliseconds; -1 where its maker gave none. */
  timeMs = 0;
  #bytes: Buffer = EMPTY;
  #at = 0;
  #end = 0;
  #left = 0;
  #baseOffset = 0;
  #baseTimeMs = 0;
  /** The time of all records; undefined where each has its own. */
  #appendTimeMs: number | undefined;
  #keyAt = 0;
  #keyBytes = -1;
  #valueAt = 0;
  #valueBytes = -1;
  #headersAt = 0;

  /** Goes to before the first record of the batch that begins at `at`.
   * @throws RecordsFault when the records do not unpack, or to more than `maxUnpackedBytes` */
  open(batch: Buffer, at = 0, maxUnpackedBytes = MAX_UNPACKED_BYTES): void {
    const attributes = batch.readUInt16BE(at + BATCH.attributes);
    const compression = COMPRESSIONS[attributes & ATTRIBUTE.compression];
    const end = at + batchBytes(batch, at);
    if (compression === undefined) throw corrupt(at, 'its compression is not known');
    if (end > batch.length) throw corrupt(at, 'it ends within its records');
    if (compression === 'none') {
      this.#bytes = batch;
      this.#at = at + BATCH.records;
      this.#end = end;
    } else {
      const packed = batch.subarray(at + BATCH.records, end);
      this.#bytes = unpack(compression, packed, maxUnpackedBytes);
      this.#at = 0;
      this.#end = this.#bytes.length;
    }
    this.#left = batch.readInt32BE(at + BATCH.count);
    this.#baseOffset = readInt64(batch, at + BATCH.baseOffset);
    this.#baseTimeMs = readInt64(batch, at + BATCH.baseTime);
    this.#appendTimeMs =
      (attributes & ATTRIBUTE.appendTime) === 0 ? undefined : readInt64(batch, at + BATCH.maxTime);
  }

  /** Lets go of the batch. */
  close(): void {
    this.#bytes = EMPTY;
    this.#at = this.#end = this.#left = 0;
  }

  /** Goes to the next record; false when there is none. @throws RecordsFault 'corrupt' */
  next(): boolean {
    if (this.#left <= 0) {
      if (this.#at !== this.#end) throw corrupt(this.#at, 'bytes follow its last record');
      return false;
    }
    this.#left--;
    const length = this.#int(this.#end);
    const end = this.#at + length;
    if (length < 0 || end > this.#end) {
      throw corrupt(this.#at, `a record of ${length} bytes does not fit`);
    }
    this.#at++;
    const timeDelta = this.#long(end);
    this.timeMs = this.#appendTimeMs ?? this.#baseTimeMs + timeDelta;
    this.offsetDelta = this.#int(end);
    this.offset = this.#baseOffset + this.offsetDelta;
    this.#keyBytes = this.#int(end);
    this.#keyAt = this.#skip(this.#keyBytes, end);
    this.#valueBytes = this.#int(end);
    this.#valueAt = this.#skip(this.#valueBytes, end);
    this.#headersAt = this.#at;
    this.#at = end;
    return true;
  }

  get key(): Buffer | null {
    if (this.#keyBytes < 0) return null;
    return this.#bytes.subarray(this.#keyAt, this.#keyAt + this.#keyBytes);
  }

  get value(): Buffer | null {
    if (this.#valueBytes < 0) return null;
    return this.#bytes.subarray(this.#valueAt, this.#valueAt + this.#valueBytes);
  }

  get hasKey(): boolean {
    return this.#keyBytes >= 0;
  }

  get hasValue(): boolean {
    return this.#valueBytes >= 0;
  }

  /** Count and headers as they are encoded; for copies of the record. */
  get headerBytes(): Buffer {
    return this.#bytes.subarray(this.#headersAt, this.#at);
  }

  /** In their order; names may repeat. @throws RecordsFault 'corrupt' */
  headers(): RecordHeader[] {
    const headers: RecordHeader[] = [];
    this.#eachHeader(headers);
    return headers;
  }

  /** @throws RecordsFault 'corrupt' when the headers are not what they should be */
  checkHeaders(): void {
    this.#eachHeader(undefined);
  }

  #eachHeader(into: RecordHeader[] | undefined): void {
    const end = this.#at;
    this.#at = this.#headersAt;
    const count = this.#int(end);
    // A header has two bytes at least.
    if (count < 0 || count * 2 > end - this.#at) {
      throw corrupt(this.#headersAt, `${count} headers do not fit`);
    }
    for (let index = 0; index < count; index++) {
      const nameBytes = this.#int(end);
      if (nameBytes < 0) throw corrupt(this.#at, 'a header has no name');
      const nameAt = this.#skip(nameBytes, end);
      const valueBytes = this.#int(end);
      const valueAt = this.#skip(valueBytes, end);
      if (into === undefined) continue;
      const name = this.#bytes.toString('utf8', nameAt, nameAt + nameBytes);
      into.push([
        name,
        valueBytes < 0 ? null : this.#bytes.subarray(valueAt, valueAt + valueBytes),
      ]);
    }
    if (this.#at !== end) throw corrupt(this.#at, 'bytes follow the headers of a record');
  }

  /** Steps over `length` bytes (none for -1); answers where they begin. */
  #skip(length: number, end: number): number {
    const start = this.#at;
    if (length < -1 || start + length > end) {
      throw corrupt(start, `${length} bytes do not fit into a record`);
    }
    if (length > 0) this.#at = start + length;
    return start;
  }

  /** A zigzag varint of 32 bits. */
  #int(end: number): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= end) throw corrupt(this.#at, 'a number ends too early');
      const byte = bytes[this.#at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw corrupt(this.#at, 'a number has more than 32 bits');
  }

  /** A zigzag varint of 64 bits; exact up to 2^53. */
  #long(end: number): number {
    const bytes = this.#bytes;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count++) {
      if (this.#at >= end) throw corrupt(this.#at, 'a number ends too early');
      const byte = bytes[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 128;
    }
    throw corrupt(this.#at, 'a number has more than 64 bits');
  }
}

function corrupt(at: number, what: string): RecordsFault {
  return new RecordsFault('corrupt', at, `The record batch is broken at byte ${at}: ${what}.`);
}
