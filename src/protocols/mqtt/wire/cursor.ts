import { isUtf8 } from 'node:buffer';
import { malformed } from './reasons.ts';

/** Reads the fields of one packet in place (MQTT 5.0 section 1.5). Never beyond `end`. */
export class Cursor {
  bytes: Buffer;
  at: number;
  end: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  #take(count: number): number {
    const { at } = this;
    if (count > this.end - at) throw malformed('A packet ends inside one of its fields.');
    this.at = at + count;
    return at;
  }

  byte(): number {
    return this.bytes[this.#take(1)]!;
  }

  uint16(): number {
    const at = this.#take(2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.#take(4));
  }

  /** Variable byte integer (section 1.5.5), in the fewest bytes. */
  variable(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) !== 0) continue;
      if (byte === 0 && shift > 0) throw malformed('A length has more bytes than it needs.');
      return value;
    }
    throw malformed('A length has more than four bytes.');
  }

  /** UTF-8 encoded string (section 1.5.4): well-formed, without U+0000. */
  text(): string {
    const length = this.uint16();
    const at = this.#take(length);
    return textOf(this.bytes, at, at + length);
  }

  /** Binary data (section 1.5.6), copied. */
  binary(): Buffer {
    const length = this.uint16();
    const at = this.#take(length);
    return Buffer.from(this.bytes.subarray(at, at + length));
  }

  /** Begin of a field with a length of two bytes, which is passed over. */
  skipField(): number {
    const length = this.uint16();
    return this.#take(length);
  }
}

/** @throws MqttError 0x81 for what is no string of MQTT (section 1.5.4) */
export function textOf(bytes: Buffer, start: number, end: number): string {
  let plain = true;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0) throw malformed('A string contains U+0000.');
    if (byte >= 0x80) plain = false;
  }
  if (plain) return bytes.toString('latin1', start, end);
  if (!isUtf8(bytes.subarray(start, end))) throw malformed('A string is not well-formed UTF-8.');
  return bytes.toString('utf8', start, end);
}
