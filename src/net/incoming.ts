import type { Detection } from '../hub/protocol.ts';
import type { Receiver } from '../hub/transport.ts';
import { MAX_DETECT_BYTES } from './detect.ts';
import type { StreamConnection } from './stream-connection.ts';

/** One thing that a connection's first bytes may be. */
export interface Candidate {
  readonly name: string;
  detect(bytes: Buffer): Detection;
  /** Takes the connection over; `bytes` (valid during the call) are its first ones. */
  take(connection: StreamConnection, bytes: Buffer): void;
}

/** How long a connection without a byte stays open when the hub stops. */
const LAST_CHANCE_MS = 100;

/** A connection whose protocol is not known yet. */
export class Incoming implements Receiver {
  readonly #connection: StreamConnection;
  readonly #candidates: readonly Candidate[];
  readonly #settled: (incoming: Incoming, refused: string | undefined) => void;
  /** On the ticker's clock. */
  readonly deadlineMs: number;
  #pending: Buffer | undefined;
  #done = false;
  #draining = false;
  #lastChance: NodeJS.Timeout | undefined;

  /** @param settled called once: known (undefined), or refused and why */
  constructor(
    connection: StreamConnection,
    candidates: readonly Candidate[],
    deadlineMs: number,
    settled: (incoming: Incoming, refused: string | undefined) => void,
  ) {
    this.#connection = connection;
    this.#candidates = candidates;
    this.deadlineMs = deadlineMs;
    this.#settled = settled;
    this.#pending = undefined;
  }

  data(bytes: Buffer): void {
    const all = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
    let more = false;
    for (const candidate of this.#candidates) {
      const detection = candidate.detect(all);
      if (detection === 'match') {
        this.#settle(undefined);
        candidate.take(this.#connection, all);
        if (this.#draining) this.#connection.receiver.drain();
        return;
      }
      if (detection === 'more') more = true;
    }
    if (!more) this.refuse('its first bytes belong to no protocol that is served here');
    else if (all.length > MAX_DETECT_BYTES) this.refuse('its protocol stayed unclear');
    else if (this.#pending === undefined) this.#pending = Buffer.from(bytes);
    else this.#pending = all;
  }

  /** Closes the connection and counts it. */
  refuse(reason: string): void {
    if (this.#done) return;
    this.#settle(reason);
    this.#connection.destroy();
  }

  ended(): void {
    this.refuse(
      this.#pending === undefined ? 'it ended without a byte' : 'it ended before it was known',
    );
  }

  drained(): void {}

  closed(): void {
    if (!this.#done) this.#settle('it closed before its protocol was known');
  }

  /** The hub is stopping, and this connection came since: it is told so when it is known. */
  comesLate(): void {
    this.#draining = true;
  }

  /** A request may be on its way on a connection that was taken a moment ago: it gets its answer,
   * and is the last one. */
  drain(): void {
    if (this.#done) return;
    this.#draining = true;
    this.#lastChance ??= setTimeout(() => {
      if (this.#done) return;
      this.#settle(undefined);
      this.#connection.destroy();
    }, LAST_CHANCE_MS);
  }

  #settle(refused: string | undefined): void {
    this.#done = true;
    clearTimeout(this.#lastChance);
    this.#pending = undefined;
    this.#settled(this, refused);
  }
}
