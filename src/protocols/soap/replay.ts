import { Fault } from '../../model/fault.ts';

/** Remembers what must not come twice, for as long as it would be accepted. Bounded: while it is
 * full, nothing new is taken, since forgetting one would let it come again. */
export class ReplayCache {
  readonly #maxEntries: number;
  readonly #lifetimeMs: number;
  /** Key to when it expires; in the order in which they do. */
  readonly #expiries = new Map<string, number>();

  constructor(maxEntries: number, lifetimeMs: number) {
    this.#maxEntries = maxEntries;
    this.#lifetimeMs = lifetimeMs;
  }

  /** @throws Fault UNAUTHENTICATED for a key that was there, RESOURCE_EXHAUSTED when it is full. */
  take(key: string, nowMs: number): void {
    for (const [old, expiresMs] of this.#expiries) {
      if (expiresMs > nowMs) break;
      this.#expiries.delete(old);
    }
    if (this.#expiries.has(key)) {
      throw new Fault('UNAUTHENTICATED', 'This UsernameToken was used before; make a new nonce.');
    }
    if (this.#expiries.size >= this.#maxEntries) {
      throw new Fault('RESOURCE_EXHAUSTED', 'Too many nonces are remembered; try again later.', {
        retryAfterMs: 1000,
      });
    }
    this.#expiries.set(key, nowMs + this.#lifetimeMs);
  }

  /** For a key that turned out to be nobody's: strangers do not fill the cache. */
  release(key: string): void {
    this.#expiries.delete(key);
  }

  get size(): number {
    return this.#expiries.size;
  }
}
