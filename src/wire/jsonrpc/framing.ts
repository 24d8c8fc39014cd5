import { isUtf8 } from 'node:buffer';
import { Fault } from '../../model/fault.ts';

/** Takes one message's bytes: a view that is valid only during the call. */
export type TakeMessage = (message: Buffer) => void;

/** How messages follow each other on a byte connection: incremental, bounded, one per connection. */
export interface Framing {
  /** @throws Fault when the bytes cannot be split into messages any more: the connection is lost.*/
  push(bytes: Buffer, take: TakeMessage): void;
  /** The peer sends no more. */
  end(take: TakeMessage): void;
  /** Bytes held of a message that is not complete. */
  readonly heldBytes: number;
  /** A message has begun and is not complete. */
  readonly midMessage: boolean;
  /** The message as it goes on the wire. */
  frame(text: string): string;
}

/** Bytes of a message that is still incomplete; grows by what has come, never by what is promised. */
class Held {
  #buffer = Buffer.alloc(0);
  length = 0;

  append(bytes: Buffer): void {
    const needed = this.length + bytes.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2, 1024));
      this.#buffer.copy(larger, 0, 0, this.length);
      this.#buffer = larger;
    }
    bytes.copy(this.#buffer, this.length);
    this.length = needed;
  }

  /** A view, valid until the next append. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
    if (this.#buffer.length > 64 * 1024) this.#buffer = Buffer.alloc(0);
  }
}

function tooLarge(maxBytes: number): Fault {
  return new Fault(
    'RESOURCE_EXHAUSTED',
    `A message is larger than ${maxBytes} bytes, which is the limit (maxMessageBytes).`,
  );
}

const LINE_FEED = 0x0a;

/** One JSON text on each line (newline-delimited JSON); empty lines are skipped. */
export class LineFraming implements Framing {
  readonly #maxBytes: number;
  readonly #held = new Held();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#held.length;
  }

  get midMessage(): boolean {
    return this.#held.length > 0;
  }

  push(bytes: Buffer, take: TakeMessage): void {
    let start = 0;
    while (start < bytes.length) {
      const end = bytes.indexOf(LINE_FEED, start);
      const stop = end < 0 ? bytes.length : end;
      if (this.#held.length + stop - start > this.#maxBytes) throw tooLarge(this.#maxBytes);
      if (end < 0) {
        this.#held.append(bytes.subarray(start));
        return;
      }
      if (this.#held.length === 0) takeLine(bytes.subarray(start, end), take);
      else {
        this.#held.append(bytes.subarray(start, end));
        this.#flush(take);
      }
      start = end + 1;
    }
  }

  end(take: TakeMessage): void {
    this.#flush(take);
  }

  #flush(take: TakeMessage): void {
    const line = this.#held.view();
    // Cleared first: what `take` throws must not leave the line to be taken again.
    this.#held.clear();
    takeLine(line, take);
  }

  frame(text: string): string {
    return `${text}\n`;
  }
}

function takeLine(line: Buffer, take: TakeMessage): void {
  for (const byte of line) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) {
      take(line);
      return;
    }
  }
}

/** Longest header block of a message; real ones have one or two fields. */
const MAX_HEADER_BYTES = 4096;

/**
 * Messages behind `Content-Length` headers, as the Language Server Protocol 3.17 ("Base Protocol")
 * writes them. Field names are matched in any case.
 */
export class HeaderFraming implements Framing {
  readonly #maxBytes: number;
  readonly #held = new Held();
  /** Length of the message that is being read; -1 while its header is. */
  #length = -1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#held.length;
  }

  get midMessage(): boolean {
    return this.#held.length > 0 || this.#length >= 0;
  }

  push(bytes: Buffer, take: TakeMessage): void {
    let start = 0;
    while (start < bytes.length) {
      start = this.#length < 0 ? this.#header(bytes, start) : this.#body(bytes, start, take);
      // A body of length 0 is complete with its header.
      if (this.#length === 0) start = this.#body(bytes, start, take);
    }
  }

  /** Reads header bytes from `start`; answers where to go on. */
  #header(bytes: Buffer, start: number): number {
    const before = this.#held.length;
    const part = bytes.subarray(start, start + MAX_HEADER_BYTES - before);
    this.#held.append(part);
    const header = this.#held.view();
    const end = header.indexOf('\r\n\r\n', Math.max(0, before - 3), 'latin1');
    if (end < 0) {
      if (header.length >= MAX_HEADER_BYTES) {
        throw new Fault('INVALID_ARGUMENT', 'The header of a message does not end.');
      }
      return start + part.length;
    }
    this.#length = contentLength(header.toString('latin1', 0, end));
    this.#held.clear();
    if (this.#length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    return start + end + 4 - before;
  }

  #body(bytes: Buffer, start: number, take: TakeMessage): number {
    const missing = this.#length - this.#held.length;
    const part = bytes.subarray(start, start + missing);
    if (part.length < missing) {
      this.#held.append(part);
      return bytes.length;
    }
    let message = part;
    if (this.#held.length > 0) {
      this.#held.append(part);
      message = this.#held.view();
      this.#held.clear();
    }
    this.#length = -1;
    take(message);
    return start + part.length;
  }

  end(): void {
    if (this.#held.length > 0 || this.#length >= 0) {
      throw new Fault('INVALID_ARGUMENT', 'The connection ended within a message.');
    }
  }

  frame(text: string): string {
    return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  }
}

function contentLength(header: string): number {
  let length = -1;
  for (const line of header.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'content-length') {
      if (!/^[0-9]{1,15}$/.test(value) || length >= 0) {
        throw new Fault('INVALID_ARGUMENT', 'Content-Length must be one whole number, given once.');
      }
      length = Number(value);
    } else if (name === 'content-type') {
      const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(value)?.[1]?.toLowerCase();
      if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
        throw new Fault('INVALID_ARGUMENT', 'Content-Type has a charset that is not utf-8.');
      }
    } else if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) {
      throw new Fault(
        'INVALID_ARGUMENT',
        `A message's header has the line ${JSON.stringify(line.slice(0, 40))}; expected "Content-Length: <bytes>".`,
      );
    }
  }
  if (length < 0) throw new Fault('INVALID_ARGUMENT', 'A message has no Content-Length.');
  return length;
}

const HEADER_STARTS = ['content-length', 'content-type'];

/** Which framing a connection's first bytes are of; undefined for neither, 'more' to wait. */
export function framingOf(bytes: Buffer): 'lines' | 'headers' | 'more' | undefined {
  let start = 0;
  while (start < bytes.length && isSpace(bytes[start]!)) start++;
  if (start === bytes.length) return start > 64 ? undefined : 'more';
  const first = bytes[start]!;
  if (first === 0x7b || first === 0x5b) return 'lines';
  if (start > 0) return undefined;
  const text = bytes.toString('latin1', 0, 24).toLowerCase();
  for (const name of HEADER_STARTS) {
    if (text.startsWith(name)) {
      const after = text.slice(name.length).trimStart();
      if (after === '') return 'more';
      return after.startsWith(':') ? 'headers' : undefined;
    }
    if (name.startsWith(text)) return 'more';
  }
  return undefined;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The text of a message's bytes; undefined for what is no UTF-8. */
export function messageText(message: Buffer): string | undefined {
  return isUtf8(message) ? message.toString('utf8') : undefined;
}
