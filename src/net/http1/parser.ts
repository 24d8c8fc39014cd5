import { CR, LF } from './characters.ts';
import { ChunkedDecoder, type ChunkSink } from './chunked.ts';
import { RequestError } from './errors.ts';
import type { TextFields } from './fields.ts';
import { type Head, type HeadLimits, parseHead } from './head.ts';

/** What a parser reports, in the order of the bytes. */
export interface RequestSink extends ChunkSink {
  /** Whether this request may begin now. False holds the parser before it until `release`. */
  mayBegin(head: Head): boolean;
  /**
   * A request begins. `body` is the whole body where it came with the head (empty for none): a
   * view, valid during the call; then no `bodyPiece` or `bodyEnd` follows. Answers what is done
   * with the bytes behind it.
   */
  request(head: Head, body: Buffer | undefined): 'continue' | 'hold' | 'stop';
  /** The body that came in pieces is complete. */
  bodyEnd(trailers: TextFields | undefined): void;
}

const HEAD = 0;
const LENGTH = 1;
const CHUNKED = 2;

const NOTHING = Buffer.alloc(0);
const MAX_EMPTY_LINES = 4;

/**
 * Requests of one connection out of its bytes: pure (no socket), incremental, in place. Only a
 * head that is not complete, or bytes behind a request that must wait, are copied.
 */
export class RequestParser {
  readonly #sink: RequestSink;
  readonly #limits: HeadLimits;
  #state = HEAD;
  #remaining = 0;
  #chunked: ChunkedDecoder | undefined;
  /** Bytes of a head that is not complete, or of what waits or was not parsed. */
  #pending: Buffer | undefined;
  #emptyLines = 0;
  #held = false;
  #stopped = false;

  constructor(sink: RequestSink, limits: HeadLimits) {
    this.#sink = sink;
    this.#limits = limits;
    this.#chunked = undefined;
    this.#pending = undefined;
  }

  /** Part of a request has come and the rest of it is awaited from the client. */
  get midRequest(): boolean {
    if (this.#stopped) return false;
    return this.#state !== HEAD || (this.#pending !== undefined && !this.#held);
  }

  /** Bytes wait until the request before them is done. */
  get held(): boolean {
    return this.#held;
  }

  /** No bytes are parsed any more. */
  stop(): void {
    this.#stopped = true;
  }

  /** After `stop`: the bytes behind the last request, which were not parsed. */
  takeRest(): Buffer | undefined {
    const rest = this.#pending;
    this.#pending = undefined;
    return rest;
  }

  /**
   * @param bytes valid during the call
   * @throws RequestError for bytes that are no request; then nothing is parsed any more
   */
  feed(bytes: Buffer): void {
    // Behind a mistake, or a last request, nothing counts.
    if (this.#stopped) return;
    const pending = this.#pending;
    if (this.#held) {
      this.#pending = pending === undefined ? Buffer.from(bytes) : Buffer.concat([pending, bytes]);
      return;
    }
    if (pending === undefined) {
      this.#run(bytes);
      return;
    }
    // A head is parsed from its start again when more of it comes: at most headerBytes, which
    // costs about as much as the packet that brings one byte.
    const all = Buffer.concat([pending, bytes]);
    this.#pending = undefined;
    this.#run(all);
  }

  /** Goes on with held bytes. @throws RequestError as `feed` */
  release(): void {
    if (!this.#held || this.#stopped) return;
    this.#held = false;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) this.#run(pending);
  }

  #run(bytes: Buffer): void {
    try {
      let position = 0;
      const end = bytes.length;
      while (position < end) {
        if (this.#state === HEAD) position = this.#takeHead(bytes, position, end);
        else if (this.#state === LENGTH) position = this.#takeLength(bytes, position, end);
        else position = this.#takeChunked(bytes, position, end);
        if (this.#held || this.#stopped) {
          if (position < end) this.#keep(bytes, position, end);
          return;
        }
        if (position === -1) return;
      }
    } catch (error) {
      this.#stopped = true;
      throw error;
    }
  }

  #keep(bytes: Buffer, position: number, end: number): void {
    this.#pending = Buffer.from(bytes.subarray(position, end));
  }

  /** Answers -1 when all bytes are taken and more are needed. */
  #takeHead(bytes: Buffer, from: number, end: number): number {
    let position = from;
    // RFC 9112 section 2.2: an empty line before a request is ignored.
    while (bytes[position] === CR && (position + 1 === end || bytes[position + 1] === LF)) {
      if (position + 1 === end) {
        this.#keep(bytes, position, end);
        return -1;
      }
      if (++this.#emptyLines > MAX_EMPTY_LINES) {
        throw new RequestError(400, 'Too many empty lines before a request.');
      }
      position += 2;
      if (position === end) return end;
    }
    const head = parseHead(bytes, position, end, this.#limits);
    if (head === undefined) {
      this.#keep(bytes, position, end);
      return -1;
    }
    if (!this.#sink.mayBegin(head)) {
      this.#held = true;
      return position;
    }
    this.#emptyLines = 0;
    return this.#begin(head, bytes, position + head.byteLength, end);
  }

  #begin(head: Head, bytes: Buffer, from: number, end: number): number {
    const length = head.bodyLength;
    let position = from;
    let body: Buffer | undefined;
    if (length === 0) body = NOTHING;
    else if (length > 0 && length <= end - from) {
      position += length;
      body = bytes.subarray(from, position);
    } else if (length > 0) {
      this.#state = LENGTH;
      this.#remaining = length;
    } else {
      this.#state = CHUNKED;
      this.#chunked = new ChunkedDecoder(this.#limits.headerBytes, this.#limits.headers);
    }
    const next = this.#sink.request(head, body);
    if (next === 'hold') this.#held = true;
    else if (next === 'stop') this.#stopped = true;
    return position;
  }

  #takeLength(bytes: Buffer, from: number, end: number): number {
    const take = Math.min(this.#remaining, end - from);
    this.#remaining -= take;
    if (this.#remaining === 0) this.#state = HEAD;
    this.#sink.bodyPiece(bytes, from, from + take);
    if (this.#state === HEAD) this.#sink.bodyEnd(undefined);
    return from + take;
  }

  #takeChunked(bytes: Buffer, from: number, end: number): number {
    const decoder = this.#chunked!;
    const position = decoder.decode(bytes, from, end, this.#sink);
    if (decoder.done) {
      this.#state = HEAD;
      this.#chunked = undefined;
      this.#sink.bodyEnd(decoder.trailers);
    }
    return position;
  }
}
