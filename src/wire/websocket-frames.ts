import { isUtf8 } from 'node:buffer';

/** WebSocket frames (RFC 6455 section 5), the server's side: pure, incremental, in place. */

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

const FIN = 0x80;
const RSV1 = 0x40;
const MASKED = 0x80;

/** Status codes of section 7.4.1 that this side sends. */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  invalidPayload: 1007,
  policyViolation: 1008,
  tooLarge: 1009,
} as const;

/** The peer broke the protocol: the connection ends with this status code. */
export class FrameError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Takes what frames carry. Bytes are views that are valid only during the call. */
export interface FrameSink {
  text(text: string): void;
  binary(bytes: Buffer): void;
  ping(payload: Buffer): void;
  pong(): void;
  /** @param code 1005 where the peer gave none */
  closeFrame(code: number, reason: string): void;
}

export interface FrameOptions {
  /** Largest message, after fragments are joined and unpacked. */
  readonly maxMessageBytes: number;
  /** Unpacks a message whose first frame has RSV1; absent: such a frame is refused. */
  readonly inflate?: ((bytes: Buffer, maxBytes: number) => Buffer) | undefined;
}

/** Bytes that are not complete yet; grows by what has come, never by what is promised. */
class Pieces {
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

  /** A view of what was appended, which is then forgotten; valid until the next append. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.length);
    this.length = 0;
    if (this.#buffer.length > 65_536) this.#buffer = Buffer.alloc(0);
    return bytes;
  }
}

/** Longest header: two bytes, a 64-bit length and a mask. */
const MAX_HEADER_BYTES = 14;

export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #options: FrameOptions;
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerLength = 0;
  /** Payload bytes of the current frame; -1 while its header is read. */
  #length = -1;
  #opcode = 0;
  #final = false;
  readonly #mask = new Uint8Array(4);
  /** The current frame, as far as it has come. */
  readonly #frame = new Pieces();
  /** The fragments before the current frame. */
  readonly #message = new Pieces();
  /** TEXT or BINARY while a message is incomplete, else 0. */
  #messageOpcode = 0;
  #compressed = false;
  #stopped = false;

  constructor(sink: FrameSink, options: FrameOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  get heldBytes(): number {
    return this.#frame.length + this.#message.length + this.#headerLength;
  }

  /** Nothing behind the frame that is being handled is read. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Reads frames; `bytes` is unmasked in place.
   * @throws FrameError after which nothing more can be read.
   */
  push(bytes: Buffer): void {
    let at = 0;
    while (!this.#stopped) {
      if (this.#length < 0) {
        at = this.#readHeader(bytes, at);
        if (this.#length < 0) return;
      }
      const missing = this.#length - this.#frame.length;
      if (bytes.length - at < missing) {
        this.#frame.append(bytes.subarray(at));
        return;
      }
      const part = bytes.subarray(at, at + missing);
      at += missing;
      this.#length = -1;
      if (this.#frame.length === 0) this.#complete(part);
      else {
        this.#frame.append(part);
        this.#complete(this.#frame.take());
      }
    }
  }

  /** Reads a header, in place where it is whole; answers where the payload begins. */
  #readHeader(bytes: Buffer, start: number): number {
    if (this.#headerLength === 0) {
      const size = headerSize(bytes, start, bytes.length - start);
      if (start + size <= bytes.length) {
        this.#parseHeader(bytes, start);
        return start + size;
      }
    }
    let at = start;
    while (at < bytes.length) {
      this.#header[this.#headerLength++] = bytes[at++]!;
      if (this.#headerLength >= headerSize(this.#header, 0, this.#headerLength)) {
        this.#headerLength = 0;
        this.#parseHeader(this.#header, 0);
        break;
      }
    }
    return at;
  }

  #parseHeader(bytes: Buffer, start: number): void {
    const first = bytes[start]!;
    const second = bytes[start + 1]!;
    let at = start + 2;
    let length = second & 0x7f;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
      at += 8;
    }
    if ((second & MASKED) === 0) throw broken('a frame of a client is not masked');
    for (let index = 0; index < 4; index++) this.#mask[index] = bytes[at + index]!;
    this.#opcode = first & 0x0f;
    this.#final = (first & FIN) !== 0;
    if ((first & 0x30) !== 0) throw broken('RSV2 or RSV3 is set');
    const compressed = (first & RSV1) !== 0;
    if (this.#opcode >= CLOSE) this.#checkControl(length, compressed);
    else this.#checkData(length, compressed);
    this.#length = length;
  }

  #checkControl(length: number, compressed: boolean): void {
    if (this.#opcode > PONG) throw broken(`opcode ${this.#opcode} is unknown`);
    if (!this.#final) throw broken('a control frame is fragmented');
    if (length > 125) throw broken('a control frame is longer than 125 bytes');
    if (compressed) throw broken('RSV1 is set on a control frame');
  }

  #checkData(length: number, compressed: boolean): void {
    if (this.#opcode > BINARY) throw broken(`opcode ${this.#opcode} is unknown`);
    if (this.#opcode === CONTINUATION) {
      if (this.#messageOpcode === 0) throw broken('a continuation continues nothing');
      if (compressed) throw broken('RSV1 is set on a continuation');
    } else {
      if (this.#messageOpcode !== 0) throw broken('a message begins within another');
      if (compressed && this.#options.inflate === undefined) throw broken('RSV1 is set');
      this.#messageOpcode = this.#opcode;
      this.#compressed = compressed;
    }
    const { maxMessageBytes } = this.#options;
    if (this.#message.length + length > maxMessageBytes) throw tooLarge(maxMessageBytes);
  }

  #complete(payload: Buffer): void {
    const isAscii = unmask(payload, this.#mask);
    if (this.#opcode >= CLOSE) {
      this.#control(payload);
      return;
    }
    const isWhole = this.#message.length === 0;
    if (!isWhole || !this.#final) this.#message.append(payload);
    if (!this.#final) return;
    const opcode = this.#messageOpcode;
    this.#messageOpcode = 0;
    this.#deliver(opcode, isWhole ? payload : this.#message.take(), isWhole && isAscii);
  }

  #deliver(opcode: number, packed: Buffer, isAscii: boolean): void {
    const { inflate, maxMessageBytes } = this.#options;
    const bytes = this.#compressed ? inflate!(packed, maxMessageBytes) : packed;
    if (opcode === BINARY) this.#sink.binary(bytes);
    // Latin-1 is the fastest way from bytes to a string, and the same for ASCII.
    else if (isAscii && !this.#compressed) this.#sink.text(bytes.toString('latin1'));
    else if (isUtf8(bytes)) this.#sink.text(bytes.toString('utf8'));
    else throw new FrameError(CLOSE_CODES.invalidPayload, 'a text message is not UTF-8');
  }

  #control(payload: Buffer): void {
    if (this.#opcode === PING) this.#sink.ping(payload);
    else if (this.#opcode === PONG) this.#sink.pong();
    else {
      this.#stopped = true;
      if (payload.length === 0) this.#sink.closeFrame(1005, '');
      else this.#sink.closeFrame(closeCode(payload), closeReason(payload));
    }
  }
}

/** Bytes of the header that begins at `start`, as far as `available` bytes tell. */
function headerSize(bytes: Buffer, start: number, available: number): number {
  if (available < 2) return MAX_HEADER_BYTES;
  const second = bytes[start + 1]!;
  const length = second & 0x7f;
  const extended = length === 127 ? 8 : length === 126 ? 2 : 0;
  return 2 + extended + ((second & MASKED) === 0 ? 0 : 4);
}

/** From this size on a view of 32-bit words costs less than it saves. */
const WORDS_FROM_BYTES = 128;

/** Applies the mask in place (section 5.3). Answers whether the result is ASCII. */
function unmask(bytes: Buffer, mask: Uint8Array): boolean {
  const { length } = bytes;
  if (length < WORDS_FROM_BYTES) return unmaskBytes(bytes, mask, 0, length) < 0x80;
  const start = -bytes.byteOffset & 3;
  const count = (length - start) >> 2;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, count);
  // The mask as it lies over the first whole word, in the machine's own byte order.
  const rotated = [0, 1, 2, 3].map((index) => mask[(start + index) & 3]!);
  const word = new Int32Array(Uint8Array.from(rotated).buffer)[0]!;
  let seen = 0;
  for (let index = 0; index < count; index++) seen |= words[index]! ^= word;
  const ends =
    unmaskBytes(bytes, mask, 0, start) | unmaskBytes(bytes, mask, start + count * 4, length);
  return (seen & 0x80808080) === 0 && ends < 0x80;
}

/** Answers all bytes of the result, joined by OR. */
function unmaskBytes(bytes: Buffer, mask: Uint8Array, start: number, end: number): number {
  let seen = 0;
  for (let at = start; at < end; at++) seen |= bytes[at]! ^= mask[at & 3]!;
  return seen;
}

function closeCode(payload: Buffer): number {
  const code = payload.length === 1 ? 0 : payload.readUInt16BE(0);
  const registered = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
  if (!registered && (code < 3000 || code > 4999)) throw broken(`close code ${code} is not valid`);
  return code;
}

function closeReason(payload: Buffer): string {
  const reason = payload.subarray(2);
  if (isUtf8(reason)) return reason.toString('utf8');
  throw new FrameError(CLOSE_CODES.invalidPayload, 'the reason of a close is not UTF-8');
}

function broken(what: string): FrameError {
  return new FrameError(CLOSE_CODES.protocolError, what);
}

function tooLarge(maxBytes: number): FrameError {
  return new FrameError(CLOSE_CODES.tooLarge, `a message is larger than ${maxBytes} bytes`);
}

/** A frame of a server: not masked, not fragmented. */
export function encodeFrame(
  opcode: number,
  payload: string | Uint8Array,
  compressed = false,
): Buffer {
  const isText = typeof payload === 'string';
  const length = isText ? Buffer.byteLength(payload) : payload.length;
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = FIN | (compressed ? RSV1 : 0) | opcode;
  if (headerBytes === 2) frame[1] = length;
  else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length >>> 0, 6);
  }
  if (isText) frame.write(payload, headerBytes, 'utf8');
  else frame.set(payload, headerBytes);
  return frame;
}

/** A close frame; the reason is cut to what fits (123 bytes). */
export function encodeClose(code: number, reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, 123);
  // A character that the cut went through must not make the reason invalid UTF-8.
  const whole = isUtf8(text) ? text : Buffer.from(text.toString('utf8').replace(/\uFFFD$/, ''));
  const payload = Buffer.alloc(2 + whole.length);
  payload.writeUInt16BE(code, 0);
  payload.set(whole, 2);
  return encodeFrame(CLOSE, payload);
}
