import { isUtf8 } from 'node:buffer';

/**
 * The headers of a stored record, as they are encoded (`RecordReader.headerBytes`): looked at
 * without an object for each, because most of them are the hub's own and of few names.
 */
export class RecordHeaders {
  readonly count: number;
  readonly #bytes: Buffer;
  /** Four for each header: where name and value begin and end; -1 for the end of no value. */
  readonly #marks: number[] = [];

  /** @throws RangeError for bytes that are no headers */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    let at = 0;
    const number = (): number => {
      let value = 0;
      for (let shift = 0; shift < 35; shift += 7) {
        const byte = bytes[at++];
        if (byte === undefined) break;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
      }
      throw new RangeError('headers end too early');
    };
    this.count = number();
    for (let index = 0; index < this.count; index++) {
      const nameEnd = number();
      const nameAt = at;
      at += nameEnd;
      const length = number();
      this.#marks.push(nameAt, nameAt + nameEnd, at, length < 0 ? -1 : at + length);
      if (length > 0) at += length;
      if (nameEnd < 0 || at > bytes.length) throw new RangeError('a header does not fit');
    }
  }

  /** Whether the header's name is this one, given as UTF-8. */
  is(index: number, name: Buffer): boolean {
    const start = this.#marks[4 * index]!;
    const { length } = name;
    if (this.#marks[4 * index + 1]! - start !== length) return false;
    // Names of one family differ at their ends.
    for (let at = length - 1; at >= 0; at--) {
      if (this.#bytes[start + at] !== name[at]) return false;
    }
    return true;
  }

  name(index: number): string {
    return this.#bytes.toString('utf8', this.#marks[4 * index]!, this.#marks[4 * index + 1]!);
  }

  hasValue(index: number): boolean {
    return this.#marks[4 * index + 3]! >= 0;
  }

  value(index: number): Buffer | null {
    if (!this.hasValue(index)) return null;
    return this.#bytes.subarray(this.#marks[4 * index + 2]!, this.#marks[4 * index + 3]!);
  }

  /** The value as text, from its byte `skip` on; undefined for none, and for bytes that are no
   * UTF-8. */
  text(index: number, skip = 0): string | undefined {
    if (!this.hasValue(index)) return undefined;
    const start = this.#marks[4 * index + 2]!;
    const end = this.#marks[4 * index + 3]!;
    let at = start;
    while (at < end && this.#bytes[at]! < 0x80) at++;
    if (at === end) return this.#bytes.toString('latin1', start + skip, end);
    if (!isUtf8(this.#bytes.subarray(start, end))) return undefined;
    return this.#bytes.toString('utf8', start + skip, end);
  }

  /** Whether the value begins with these bytes. */
  startsWith(index: number, bytes: Buffer): boolean {
    const start = this.#marks[4 * index + 2]!;
    if (this.#marks[4 * index + 3]! - start < bytes.length) return false;
    for (let at = 0; at < bytes.length; at++) {
      if (this.#bytes[start + at] !== bytes[at]) return false;
    }
    return true;
  }

  /** The last header of this name; -1 for none. */
  lastOf(name: Buffer): number {
    for (let index = this.count - 1; index >= 0; index--) if (this.is(index, name)) return index;
    return -1;
  }
}
