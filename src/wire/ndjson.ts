import { Fault } from '../model/fault.ts';
import { HttpFault } from './problem.ts';

/**
 * Streams of JSON values in a body, cut into the bytes of single values: newline-delimited JSON
 * (https://github.com/ndjson/ndjson-spec), JSON text sequences (RFC 7464) and one JSON array.
 * Incremental, pure: no socket, and memory bounded by the largest single value.
 */

export const NDJSON_TYPE = 'application/x-ndjson';

/** Cuts a byte stream into the bytes of single values. */
export interface ValueSplitter {
  /** The values that these bytes complete. The bytes may be reused afterwards only when the
   * answered views are no longer needed; what stays unfinished is copied.
   * @throws Fault RESOURCE_EXHAUSTED for a value that is too long, INVALID_ARGUMENT for bytes
   *   that break the format. */
  push(bytes: Buffer): Buffer[];
  /** The value that the end completes, if there is one.
   * @throws Fault INVALID_ARGUMENT where the format does not allow an end here. */
  end(): Buffer | undefined;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const RECORD_SEPARATOR = 0x1e;

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === 0x09;
}

function trimmed(bytes: Buffer): Buffer | undefined {
  let from = 0;
  let to = bytes.length;
  while (from < to && isSpace(bytes[from]!)) from++;
  while (to > from && isSpace(bytes[to - 1]!)) to--;
  return from === to ? undefined : bytes.subarray(from, to);
}

/** Bytes of a value that is not complete yet. */
class Unfinished {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#check(bytes.length);
    this.#pieces.push(Buffer.from(bytes));
    this.size += bytes.length;
  }

  /** What was kept with these bytes behind. */
  take(last: Buffer): Buffer {
    this.#check(last.length);
    if (this.size === 0) return last;
    this.#pieces.push(last);
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.size = 0;
    return whole;
  }

  #check(more: number): void {
    if (this.size + more <= this.#maxBytes) return;
    throw new HttpFault(
      413,
      'RESOURCE_EXHAUSTED',
      `One value of the stream is longer than ${this.#maxBytes} bytes.`,
    );
  }
}

const NOTHING = Buffer.alloc(0);

class SeparatedSplitter implements ValueSplitter {
  readonly #separator: number;
  readonly #unfinished: Unfinished;

  constructor(separator: number, maxBytes: number) {
    this.#separator = separator;
    this.#unfinished = new Unfinished(maxBytes);
  }

  push(bytes: Buffer): Buffer[] {
    const values: Buffer[] = [];
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(this.#separator, start);
      if (end < 0) break;
      const value = trimmed(this.#unfinished.take(bytes.subarray(start, end)));
      if (value !== undefined) values.push(value);
      start = end + 1;
    }
    this.#unfinished.keep(bytes.subarray(start));
    return values;
  }

  end(): Buffer | undefined {
    return trimmed(this.#unfinished.take(NOTHING));
  }
}

/** Newline-delimited JSON; blank lines and CRLF are accepted, as is a last line without an end. */
export function ndjsonSplitter(maxBytes: number): ValueSplitter {
  return new SeparatedSplitter(LINE_FEED, maxBytes);
}

/** JSON text sequences: values between record separators (0x1E). */
export function jsonSequenceSplitter(maxBytes: number): ValueSplitter {
  return new SeparatedSplitter(RECORD_SEPARATOR, maxBytes);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The elements of one JSON array. It finds where elements end; whether each is valid JSON is for
 * whoever parses it. */
class ArraySplitter implements ValueSplitter {
  readonly #unfinished: Unfinished;
  #state: 'before' | 'inside' | 'after' = 'before';
  #depth = 0;
  #inString = false;
  #escaped = false;
  #elements = 0;

  constructor(maxBytes: number) {
    this.#unfinished = new Unfinished(maxBytes);
  }

  push(bytes: Buffer): Buffer[] {
    const values: Buffer[] = [];
    let start = 0;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]!;
      if (this.#state === 'inside') {
        if (this.#inElement(byte)) continue;
        const last = byte === CLOSE_ARRAY;
        this.#element(bytes.subarray(start, index), last, values);
        start = index + 1;
        if (last) this.#state = 'after';
      } else if (isSpace(byte)) {
        start = index + 1;
      } else if (this.#state === 'before' && byte === OPEN_ARRAY) {
        this.#state = 'inside';
        start = index + 1;
      } else {
        throw new Fault(
          'INVALID_ARGUMENT',
          this.#state === 'before'
            ? 'The body must be one JSON array; it does not start with "[".'
            : 'The body must be one JSON array; there is more behind its end.',
        );
      }
    }
    if (this.#state === 'inside') this.#unfinished.keep(bytes.subarray(start));
    return values;
  }

  /** False for the comma or bracket that ends an element. */
  #inElement(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return true;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#depth++;
    else if (byte === CLOSE_OBJECT) this.#depth--;
    else if (byte === CLOSE_ARRAY) {
      if (this.#depth === 0) return false;
      this.#depth--;
    } else if (byte === COMMA && this.#depth === 0) return false;
    return true;
  }

  #element(bytes: Buffer, last: boolean, values: Buffer[]): void {
    const value = trimmed(this.#unfinished.take(bytes));
    if (value !== undefined) values.push(value);
    else if (!last || this.#elements > 0) {
      throw new Fault('INVALID_ARGUMENT', 'The JSON array has a comma without a value beside it.');
    }
    this.#elements++;
  }

  end(): undefined {
    if (this.#state === 'after') return undefined;
    throw new Fault('INVALID_ARGUMENT', 'The body ended before the "]" of its JSON array.');
  }
}

/** The elements of one JSON array. */
export function jsonArraySplitter(maxBytes: number): ValueSplitter {
  return new ArraySplitter(maxBytes);
}

/** One value as a line. JSON text never holds a raw line end. */
export function ndjsonLine(value: unknown): string {
  return `${JSON.stringify(value) ?? 'null'}\n`;
}
