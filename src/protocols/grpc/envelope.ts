import { Fault } from '../../model/fault.ts';

/**
 * Length-prefixed messages: one byte of flags, four of length, the message
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"; the
 * same in gRPC-Web and in Connect's streams). Pure: no socket.
 */
export const ENVELOPE_HEAD_BYTES = 5;

export const EnvelopeFlag = { COMPRESSED: 0x01, CONNECT_END: 0x02, WEB_TRAILERS: 0x80 } as const;

export interface Envelope {
  readonly compressed: boolean;
  readonly bytes: Buffer;
}

/** The body of a request is no sequence of messages. */
export class MalformedEnvelope extends Fault {
  constructor(what: string) {
    super('INVALID_ARGUMENT', `The body is no sequence of length-prefixed messages: ${what}.`);
  }
}

export function messageTooLarge(maxBytes: number): Fault {
  return new Fault(
    'RESOURCE_EXHAUSTED',
    `A message is larger than ${maxBytes} bytes, the most that is accepted here.`,
  );
}

/** Length of the message whose head stands at `at`.
 * @throws MalformedEnvelope for flags that a request cannot have, Fault RESOURCE_EXHAUSTED */
function lengthAt(bytes: Buffer, at: number, maxBytes: number): number {
  const flags = bytes[at]!;
  if (flags > EnvelopeFlag.COMPRESSED)
    throw new MalformedEnvelope(`a message has the flags ${flags}`);
  const length = bytes.readUInt32BE(at + 1);
  if (length > maxBytes) throw messageTooLarge(maxBytes);
  return length;
}

/**
 * The only message of a whole body, as a view of it.
 * @throws Fault UNIMPLEMENTED for none or several (https://grpc.github.io/grpc/core/md_doc_statuscodes.html,
 *   "Request cardinality violation"), and what `lengthAt` throws
 */
export function onlyEnvelope(body: Buffer, maxBytes: number): Envelope {
  if (body.length === 0) throw cardinality('no message');
  if (body.length < ENVELOPE_HEAD_BYTES) throw cut();
  const end = ENVELOPE_HEAD_BYTES + lengthAt(body, 0, maxBytes);
  if (body.length < end) throw cut();
  if (body.length > end) throw cardinality('more than one message');
  return {
    compressed: body[0] === EnvelopeFlag.COMPRESSED,
    bytes: body.subarray(ENVELOPE_HEAD_BYTES, end),
  };
}

function cut(): MalformedEnvelope {
  return new MalformedEnvelope('it ends in the middle of a message');
}

function cardinality(what: string): Fault {
  return new Fault('UNIMPLEMENTED', `This operation takes one message; the request has ${what}.`);
}

/** Cuts a body that comes in pieces into its messages. Holds less than one message. */
export class EnvelopeSplitter {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #held = 0;
  /** Bytes that the message at hand needs in all, its head included. */
  #needed = ENVELOPE_HEAD_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that this piece completes; they are views of it where they can be.
   * @throws MalformedEnvelope, Fault RESOURCE_EXHAUSTED */
  push(piece: Buffer): Envelope[] {
    if (this.#held + piece.length < this.#needed) {
      this.#hold(piece);
      return [];
    }
    let bytes = piece;
    if (this.#held > 0) {
      this.#pieces.push(piece);
      bytes = Buffer.concat(this.#pieces);
      this.#pieces = [];
      this.#held = 0;
    }
    const found: Envelope[] = [];
    let at = 0;
    this.#needed = ENVELOPE_HEAD_BYTES;
    while (bytes.length - at >= ENVELOPE_HEAD_BYTES) {
      const end = at + ENVELOPE_HEAD_BYTES + lengthAt(bytes, at, this.#maxBytes);
      if (bytes.length < end) {
        this.#needed = end - at;
        break;
      }
      found.push({
        compressed: bytes[at] === EnvelopeFlag.COMPRESSED,
        bytes: bytes.subarray(at + ENVELOPE_HEAD_BYTES, end),
      });
      at = end;
    }
    if (at < bytes.length) this.#hold(bytes.subarray(at));
    return found;
  }

  /** @throws MalformedEnvelope where the body ended within a message */
  end(): void {
    if (this.#held > 0) throw cut();
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#held += bytes.length;
  }
}

/** Writes the head of a message into the room that was left before it. */
export function writeHead(frame: Buffer, flags: number): Buffer {
  const length = frame.length - ENVELOPE_HEAD_BYTES;
  frame[0] = flags;
  frame[1] = length >>> 24;
  frame[2] = length >>> 16;
  frame[3] = length >>> 8;
  frame[4] = length;
  return frame;
}

/** A message with its head. */
export function envelope(bytes: Uint8Array, flags: number): Buffer {
  const frame = Buffer.allocUnsafe(ENVELOPE_HEAD_BYTES + bytes.length);
  frame.set(bytes, ENVELOPE_HEAD_BYTES);
  return writeHead(frame, flags);
}
