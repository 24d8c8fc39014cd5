import { Fault } from '../../model/fault.ts';

/** The bytes are no message of the wire format (https://protobuf.dev/programming-guides/encoding/). */
export class MalformedMessage extends Fault {
  constructor(what: string) {
    super('INVALID_ARGUMENT', `This is no protobuf message of the expected type: ${what}.`);
  }
}

const SHORT_TEXT = 24;

export const WireType = {
  VARINT: 0,
  FIXED64: 1,
  LENGTH: 2,
  GROUP: 3,
  END_GROUP: 4,
  FIXED32: 5,
} as const;

/** Reads the wire format. Nothing is read past `end` of the message at hand. */
export class Reader {
  readonly bytes: Buffer;
  position: number;
  end: number;
  /** Messages inside messages that are still allowed. */
  depth: number;

  constructor(bytes: Buffer, start: number, end: number, maxDepth: number) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.depth = maxDepth;
  }

  #cut(): never {
    throw new MalformedMessage('it ends in the middle of a field');
  }

  /** Number and wire type of the next field, as they stand together. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8) throw new MalformedMessage('a field has the number 0');
    return tag;
  }

  /** A varint, cut to 32 bits as the specification says. */
  uint32(): number {
    const bytes = this.bytes;
    let at = this.position;
    const end = this.end;
    let value = 0;
    let shift = 0;
    for (;;) {
      if (at >= end) this.#cut();
      const byte = bytes[at++]!;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
      if (shift >= 70) throw new MalformedMessage('a number is longer than ten bytes');
    }
    this.position = at;
    return value >>> 0;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    return this.#varint() !== 0n;
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (this.position >= this.end) this.#cut();
      if (shift >= 70n) throw new MalformedMessage('a number is longer than ten bytes');
      const byte = this.bytes[this.position++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }

  /** A 64-bit integer as a number.
   * @throws Fault INVALID_ARGUMENT past 2^53, where a number in JSON would be another one */
  integer(signed: boolean): number {
    const bytes = this.bytes;
    const { position } = this;
    let value = 0;
    let factor = 1;
    // Seven bytes of seven bits are below 2^53.
    for (let at = position; at < this.end && at < position + 7; at++) {
      const byte = bytes[at]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.position = at + 1;
        return value;
      }
      factor *= 128;
    }
    const large = signed ? BigInt.asIntN(64, this.#varint()) : this.#varint();
    const number = Number(large);
    if (!Number.isSafeInteger(number)) {
      throw new Fault(
        'INVALID_ARGUMENT',
        `The integer ${large} is past 2^53, where the contract's type "integer" is not exact; a contract takes such numbers as {"type": "string", "format": "int64"}.`,
      );
    }
    return number;
  }

  integerText(signed: boolean): string {
    const value = this.#varint();
    return String(signed ? BigInt.asIntN(64, value) : value);
  }

  /** @throws Fault INVALID_ARGUMENT for what JSON cannot say: infinities and NaN */
  double(): number {
    if (this.position + 8 > this.end) this.#cut();
    const value = this.bytes.readDoubleLE(this.position);
    this.position += 8;
    if (!Number.isFinite(value)) {
      throw new Fault('INVALID_ARGUMENT', `A number is ${value}, which a contract cannot say.`);
    }
    return value;
  }

  /** Where the bytes of a field end that tells its length. */
  length(): number {
    const length = this.uint32();
    const end = this.position + length;
    if (end > this.end) this.#cut();
    return end;
  }

  string(): string {
    const end = this.length();
    const start = this.position;
    this.position = end;
    const bytes = this.bytes;
    if (end - start <= SHORT_TEXT) {
      let text = '';
      let at = start;
      for (; at < end; at++) {
        const code = bytes[at]!;
        if (code > 0x7f) break;
        text += String.fromCharCode(code);
      }
      if (at === end) return text;
    }
    const text = bytes.toString('utf8', start, end);
    // Only bad bytes and the character itself give this character: a second look is rare.
    if (!text.includes('\ufffd')) return text;
    return strict(bytes.subarray(start, end));
  }

  /** A view of the bytes of a field. */
  view(): Buffer {
    const end = this.length();
    const view = this.bytes.subarray(this.position, end);
    this.position = end;
    return view;
  }

  /** Begins a message inside this one; `leave` gets what it answers. */
  enter(): number {
    const end = this.length();
    if (--this.depth < 0) throw new MalformedMessage('messages are nested too deeply');
    const outer = this.end;
    this.end = end;
    return outer;
  }

  leave(outer: number): void {
    this.depth++;
    this.end = outer;
  }

  /** Passes over a field that nobody knows. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WireType.VARINT:
        this.#varint();
        break;
      case WireType.FIXED64:
        this.#pass(8);
        break;
      case WireType.LENGTH:
        this.position = this.length();
        break;
      case WireType.GROUP:
        this.#skipGroup(tag >>> 3);
        break;
      case WireType.FIXED32:
        this.#pass(4);
        break;
      default:
        throw new MalformedMessage(`a field has the wire type ${tag & 7}`);
    }
  }

  #pass(count: number): void {
    this.position += count;
    if (this.position > this.end) this.#cut();
  }

  #skipGroup(number: number): void {
    if (--this.depth < 0) throw new MalformedMessage('groups are nested too deeply');
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) === WireType.END_GROUP) {
        if (tag >>> 3 !== number) throw new MalformedMessage('a group ends as another one');
        break;
      }
      this.skip(tag);
    }
    this.depth++;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function strict(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new MalformedMessage('a text is not UTF-8');
  }
}
