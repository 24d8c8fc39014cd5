import { createHash } from 'node:crypto';
import { headerList } from '../hub/header-list.ts';
import type { Connection, Exchange, Peer, Receiver } from '../hub/transport.ts';
import { HttpFault } from './problem.ts';
import {
  type Deflate,
  deflateMessage,
  inflateMessage,
  negotiateDeflate,
} from './websocket-deflate.ts';
import {
  BINARY,
  CLOSE,
  encodeClose,
  encodeFrame,
  FrameDecoder,
  FrameError,
  type FrameSink,
  PING,
  PONG,
  TEXT,
} from './websocket-frames.ts';

/** WebSocket connections (RFC 6455) for every protocol that runs over them. */

export interface WebSocketOptions {
  readonly maxMessageBytes: number;
  /** Subprotocols that may be chosen; the first of the client's that is among them is. */
  readonly subprotocols: readonly string[];
  /** Compression of messages (RFC 7692), where the client offers it. */
  readonly compress: boolean;
}

/** What a protocol does with a WebSocket. */
export interface WebSocketReceiver {
  text(text: string): void;
  /** A view that is valid only during the call. */
  binary(bytes: Buffer): void;
  /** The queue that made `send` answer false is empty again. */
  drained(): void;
  /** The connection is gone; called once. 1006 where it broke without a close frame. */
  closed(code: number): void;
  /** The hub is stopping: finish what is running, then close. */
  drain(): void;
}

/** Messages smaller than this are not worth compressing. */
const COMPRESS_FROM_BYTES = 1024;
/** How long a peer may take to answer our close. */
const CLOSE_TIMEOUT_MS = 2000;
/** RFC 6455 section 1.3. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Answers a WebSocket handshake and hands the connection over.
 * @throws HttpFault 426 or 400 when the request is no handshake: nothing is answered yet then.
 */
export function acceptWebSocket(
  exchange: Exchange,
  options: WebSocketOptions,
  open: (socket: WebSocket) => WebSocketReceiver,
): void {
  const { headers } = exchange;
  if (exchange.upgrade === undefined || headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    throw new HttpFault(426, 'INVALID_ARGUMENT', 'This address speaks WebSocket (RFC 6455).', [
      'upgrade',
      'websocket',
    ]);
  }
  if (headers.get('sec-websocket-version') !== '13') {
    throw new HttpFault(426, 'INVALID_ARGUMENT', 'Sec-WebSocket-Version must be 13.', [
      'upgrade',
      'websocket',
      'sec-websocket-version',
      '13',
    ]);
  }
  const key = headers.get('sec-websocket-key') ?? '';
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    throw new HttpFault(400, 'INVALID_ARGUMENT', 'Sec-WebSocket-Key must be 16 bytes in base64.');
  }
  const accept = createHash('sha1')
    .update(key + KEY_SUFFIX)
    .digest('base64');
  const answer = ['upgrade', 'websocket', 'sec-websocket-accept', accept];
  const subprotocol = chooseSubprotocol(
    headers.get('sec-websocket-protocol'),
    options.subprotocols,
  );
  if (subprotocol !== undefined) answer.push('sec-websocket-protocol', subprotocol);
  const deflate = options.compress
    ? negotiateDeflate(headers.get('sec-websocket-extensions'))
    : undefined;
  if (deflate !== undefined) answer.push('sec-websocket-extensions', deflate.response);
  exchange.upgrade(headerList(...answer), (connection) => {
    const socket = new WebSocket(connection, subprotocol, options.maxMessageBytes, deflate);
    socket.receiver = open(socket);
    return socket;
  });
}

function chooseSubprotocol(
  offered: string | undefined,
  known: readonly string[],
): string | undefined {
  for (const name of (offered ?? '').split(',')) {
    if (known.includes(name.trim())) return name.trim();
  }
  return undefined;
}

/** One open WebSocket, the server's side. */
export class WebSocket implements Receiver, FrameSink {
  /** What was agreed on; undefined where the client named nothing that is known. */
  readonly subprotocol: string | undefined;
  receiver!: WebSocketReceiver;
  readonly #connection: Connection;
  readonly #decoder: FrameDecoder;
  readonly #deflate: Deflate | undefined;
  #closeSent = false;
  #closeCode = 1006;
  #closeTimer: NodeJS.Timeout | undefined;
  /** Something came since the last heartbeat. */
  #alive = true;
  #paused = false;
  #pongsQueued = false;
  #queuedBefore = 0;

  constructor(
    connection: Connection,
    subprotocol: string | undefined,
    maxMessageBytes: number,
    deflate: Deflate | undefined,
  ) {
    this.#connection = connection;
    this.subprotocol = subprotocol;
    this.#deflate = deflate;
    const inflate = deflate === undefined ? undefined : inflateMessage;
    this.#decoder = new FrameDecoder(this, { maxMessageBytes, inflate });
  }

  get peer(): Peer {
    return this.#connection.peer;
  }

  /** Sends a message: a string as text, bytes as binary. Answers false when more is queued than
   * the peer reads: stop until `receiver.drained`. */
  send(payload: string | Uint8Array): boolean {
    if (this.#closeSent) return true;
    const opcode = typeof payload === 'string' ? TEXT : BINARY;
    if (this.#deflate === undefined || payload.length < COMPRESS_FROM_BYTES) {
      return this.#connection.write(encodeFrame(opcode, payload));
    }
    const packed = deflateMessage(payload, this.#deflate.windowBits);
    return this.#connection.write(encodeFrame(opcode, packed, true));
  }

  /** No more messages, please; what has been read already still comes. */
  pause(): void {
    this.#paused = true;
    this.#connection.pause();
  }

  resume(): void {
    this.#paused = false;
    // Whatever came while nobody looked was not missed.
    this.#alive = true;
    if (!this.#pongsQueued) this.#connection.resume();
  }

  /** Sends what is queued and a close frame; the connection ends when the peer has answered. */
  close(code: number, reason: string): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    this.#connection.write(encodeClose(code, reason));
    this.#closeTimer = setTimeout(() => this.#connection.end(), CLOSE_TIMEOUT_MS).unref();
    // The peer's close frame is still to be read.
    if (this.#paused) this.resume();
  }

  /** To be called at a steady pace: a peer that has sent nothing since the last time, not even
   * the answer to a ping, is gone. */
  heartbeat(): void {
    const queued = this.#connection.queuedBytes;
    const stalled = queued > 0 && queued === this.#queuedBefore;
    this.#queuedBefore = queued;
    if (this.#paused || this.#pongsQueued ? stalled : !this.#alive) {
      this.#connection.destroy();
      return;
    }
    this.#alive = false;
    if (!this.#closeSent && !this.#paused) this.#connection.write(encodeFrame(PING, ''));
  }

  // --- What the connection tells ---

  data(bytes: Buffer): void {
    this.#alive = true;
    try {
      this.#decoder.push(bytes);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#fail(error);
    }
  }

  #fail(error: FrameError): void {
    this.#decoder.stop();
    this.#closeCode = error.code;
    if (!this.#closeSent) this.#connection.write(encodeClose(error.code, error.message));
    this.#closeSent = true;
    this.#connection.end();
  }

  ended(): void {
    this.#connection.end();
  }

  drained(): void {
    if (this.#pongsQueued) {
      this.#pongsQueued = false;
      if (!this.#paused) this.#connection.resume();
    }
    this.receiver.drained();
  }

  closed(): void {
    clearTimeout(this.#closeTimer);
    this.#closeSent = true;
    this.#decoder.stop();
    this.receiver.closed(this.#closeCode);
  }

  drain(): void {
    this.receiver.drain();
  }

  // --- What frames carry ---

  text(text: string): void {
    if (!this.#closeSent) this.receiver.text(text);
  }

  binary(bytes: Buffer): void {
    if (!this.#closeSent) this.receiver.binary(bytes);
  }

  ping(payload: Buffer): void {
    if (this.#closeSent || this.#connection.write(encodeFrame(PONG, payload))) return;
    // A peer that pings and does not read must not fill the memory with answers.
    this.#pongsQueued = true;
    this.#connection.pause();
  }

  pong(): void {
    this.#alive = true;
  }

  closeFrame(code: number): void {
    this.#closeCode = code;
    if (!this.#closeSent) {
      this.#connection.write(code === 1005 ? encodeFrame(CLOSE, '') : encodeClose(code, ''));
    }
    this.#closeSent = true;
    this.#connection.end();
  }
}
