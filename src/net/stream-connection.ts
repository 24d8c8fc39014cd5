import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Meter } from '../hub/diagnostics.ts';
import type { Connection, LocalAddress, Peer, Receiver } from '../hub/transport.ts';
import { type NetLogger, NO_LOGGER } from './logger.ts';
import { OutBatch } from './out-batch.ts';

/** After our end is sent: how long what the peer still sends is read and thrown away, so that a
 * reset does not overtake our last bytes. */
const LINGER_MS = 2_000;
/** How long a peer may read nothing of what is queued when we end. */
const END_TIME_MS = 30_000;

export interface StreamConnectionOptions {
  readonly peer: Peer;
  /** Bytes queued before `write` answers false. */
  readonly maxQueuedBytes?: number;
  readonly logger?: NetLogger;
  /** The bytes come by `receive` (a socket with `onread`), not by 'data' events. */
  readonly ownReads?: boolean;
}

const dirty: StreamConnection[] = [];

/** Sends what was written in this turn outside of a read: one write for each connection. */
function flushAll(): void {
  // A flush may make receivers write again: those come in the next turn.
  for (const connection of dirty.splice(0)) connection.flush();
}

const NOBODY: Receiver = {
  data: () => undefined,
  ended: () => undefined,
  drained: () => undefined,
  closed: () => undefined,
  drain: () => undefined,
};

/**
 * A byte connection over any Node stream: TCP, TLS and Unix sockets, or a pair such as stdin and
 * stdout. What is written while a read is handled goes out when it is done, everything else once
 * per turn.
 */
export class StreamConnection implements Connection {
  readonly peer: Peer;
  readonly #readable: Readable;
  readonly #writable: Writable;
  readonly #maxQueuedBytes: number;
  readonly #logger: NetLogger;
  readonly #batch = new OutBatch();
  readonly #onWritten = (): void => this.#written();
  #receiver: Receiver = NOBODY;
  #reading = false;
  #scheduled = false;
  #blocked = false;
  #ending = false;
  #closed = false;
  #peerEnded = false;
  #timer: NodeJS.Timeout | undefined;
  #counted: Meter | undefined;
  #bytesMeter: Meter | undefined;
  /** What the peer had taken at the last look, and when that was less. */
  #taken = 0;
  #takenMs = 0;
  /** Called once, when the connection is gone, after the receiver's `closed`. */
  onClosed: (() => void) | undefined;

  constructor(readable: Readable, writable: Writable, options: StreamConnectionOptions) {
    this.peer = options.peer;
    this.#readable = readable;
    this.#writable = writable;
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 1_048_576;
    this.#logger = options.logger ?? NO_LOGGER;
    this.#timer = undefined;
    this.#counted = undefined;
    this.#bytesMeter = undefined;
    this.onClosed = undefined;
    if (options.ownReads !== true) readable.on('data', this.#onData);
    readable.on('end', this.#onEnd);
    writable.on('close', this.#onClose);
    writable.on('error', this.#onError);
    if ((readable as unknown) !== writable) readable.on('error', this.#onError);
  }

  readonly #onData = (bytes: Buffer | string): void => {
    this.receive(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  };

  readonly #onEnd = (): void => {
    this.#peerEnded = true;
    if (this.#closed) return;
    if (this.#ending) {
      if (this.#writable.writableFinished) this.destroy();
      return;
    }
    this.#guarded(() => this.#receiver.ended());
  };

  readonly #onClose = (): void => this.#gone();

  /** Resets, broken pipes, TLS failures: the connection is over; its close follows. */
  readonly #onError = (): void => this.destroy();

  /** From now on `receiver` gets what comes. */
  become(receiver: Receiver): void {
    this.#receiver = receiver;
    if (this.#closed) receiver.closed();
  }

  get local(): LocalAddress | undefined {
    const { localAddress, localPort } = this.#readable as Partial<Socket>;
    if (localAddress === undefined || localPort === undefined) return undefined;
    return { address: localAddress, port: localPort };
  }

  get receiver(): Receiver {
    return this.#receiver;
  }

  /** Counts this connection, and its bytes where `bytes` says so, for `meter`, and no other. */
  countFor(meter: Meter, bytes: boolean): void {
    if (this.#counted !== undefined) this.#counted.connections--;
    this.#counted = meter;
    meter.connections++;
    this.#bytesMeter = bytes ? meter : undefined;
  }

  /** Lets go of the streams, for another layer (TLS) to take them. */
  detach(): void {
    this.#readable.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
    this.#writable.off('close', this.#onClose).off('error', this.#onError);
    this.#receiver = NOBODY;
    this.#closed = true;
  }

  /** Bytes that came, valid during the call. */
  receive(bytes: Buffer): void {
    if (this.#closed || this.#ending) return;
    const meter = this.#bytesMeter;
    if (meter !== undefined) meter.bytesIn += bytes.length;
    this.#reading = true;
    try {
      this.#receiver.data(bytes);
    } catch (error) {
      this.fail(error);
    }
    this.#reading = false;
    if (this.#batch.byteLength > 0) this.flush();
  }

  get queuedBytes(): number {
    return this.#batch.byteLength + this.#writable.writableLength;
  }

  /** Milliseconds for which the peer has taken nothing of what waits for it; 0 where nothing
   * waits. Looked at when asked: ask at a steady pace. */
  stalledMs(nowMs: number): number {
    if (this.queuedBytes === 0) {
      this.#takenMs = nowMs;
      return 0;
    }
    const taken = this.#takenBytes();
    if (taken !== this.#taken || this.#takenMs === 0) {
      this.#taken = taken;
      this.#takenMs = nowMs;
    }
    return nowMs - this.#takenMs;
  }

  /** Grows with what the peer takes, and never because more is queued. */
  #takenBytes(): number {
    const { _handle: handle } = this.#writable as {
      _handle?: { bytesWritten?: number; writeQueueSize?: number } | null;
    };
    if (handle?.bytesWritten === undefined) return -this.queuedBytes;
    return handle.bytesWritten - (handle.writeQueueSize ?? 0);
  }

  /** Like `queuedBytes`, but it shrinks while the operating system takes one large write. */
  get unsentBytes(): number {
    const handle = (this.#writable as { _handle?: { writeQueueSize?: number } | null })._handle;
    const queued = this.queuedBytes;
    const inSystem = handle?.writeQueueSize;
    return inSystem === undefined || queued === 0 ? queued : queued + inSystem;
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.#closed || this.#ending) return true;
    const before = this.#batch.byteLength;
    this.#batch.add(chunk);
    if (this.#bytesMeter !== undefined) {
      this.#bytesMeter.bytesOut += this.#batch.byteLength - before;
    }
    if (!this.#reading && !this.#scheduled) {
      this.#scheduled = true;
      if (dirty.push(this) === 1) setImmediate(flushAll);
    }
    if (this.queuedBytes < this.#maxQueuedBytes) return true;
    this.#blocked = true;
    return false;
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#batch.byteLength === 0 || this.#closed) return;
    this.#batch.send(this.#writable, this.#blocked ? this.#onWritten : undefined);
  }

  #written(): void {
    if (!this.#blocked || this.#closed || this.queuedBytes > 0) return;
    this.#blocked = false;
    this.#guarded(() => this.#receiver.drained());
  }

  pause(): void {
    if (!this.#closed) this.#readable.pause();
  }

  resume(): void {
    if (!this.#closed) this.#readable.resume();
  }

  end(): void {
    if (this.#ending || this.#closed) return;
    this.flush();
    this.#ending = true;
    this.#readable.resume();
    this.#writable.end(() => {
      if (this.#peerEnded) this.destroy();
      else this.#arm(LINGER_MS, -1);
    });
    if (!this.#writable.writableFinished) this.#arm(END_TIME_MS, this.unsentBytes);
  }

  /** Closes after `timeMs`, unless the peer has taken some of the `unsent` bytes meanwhile. */
  #arm(timeMs: number, unsent: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      const left = this.unsentBytes;
      if (unsent > 0 && left > 0 && left !== unsent) this.#arm(timeMs, left);
      else this.destroy();
    }, timeMs);
    this.#timer.unref();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#ending = true;
    this.#readable.destroy();
    this.#writable.destroy();
    // Streams that close without saying so (standard output) would leave the receiver waiting.
    setImmediate(() => this.#gone());
  }

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#readable.destroy();
    if (this.#counted !== undefined) this.#counted.connections--;
    this.#guarded(() => this.#receiver.closed());
    this.#receiver = NOBODY;
    this.onClosed?.();
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }

  /** A receiver that throws loses its own connection and nothing else. */
  fail(error: unknown): void {
    this.#logger.error({ err: error, peer: this.peer.address }, 'A connection failed');
    this.destroy();
  }
}
