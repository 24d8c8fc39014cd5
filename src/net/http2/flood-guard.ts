import { ConnectionError, ErrorCode } from './errors.ts';

export interface FloodLimits {
  readonly resets: number;
  readonly resetsPerSecond: number;
  readonly idleFrames: number;
  readonly idleFramesPerSecond: number;
}

/** Idle frames that a unit of work forgives: acknowledgements and window updates belong to it. */
const FORGIVEN_BY_REQUEST = 20;
const FORGIVEN_BY_DATA = 4;

/**
 * Two leaky buckets of one connection. One holds streams that ended before their answer: cancelled
 * by the client (CVE-2023-44487), or refused by us because of what it sent (CVE-2025-8671). The
 * other holds frames that cost work and carry nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE,
 * empty DATA, unknown types (CVE-2019-9512, 9513, 9515, 9518).
 */
export class FloodGuard {
  readonly #limits: FloodLimits;
  #resets = 0;
  #idleFrames = 0;
  #drainedMs: number;

  constructor(limits: FloodLimits, nowMs: number) {
    this.#limits = limits;
    this.#drainedMs = nowMs;
  }

  /** Lets out what the time since the last call forgives. */
  drain(nowMs: number): void {
    const seconds = (nowMs - this.#drainedMs) / 1_000;
    this.#drainedMs = nowMs;
    this.#resets = Math.max(0, this.#resets - seconds * this.#limits.resetsPerSecond);
    this.#idleFrames = Math.max(0, this.#idleFrames - seconds * this.#limits.idleFramesPerSecond);
  }

  /** @throws ConnectionError ENHANCE_YOUR_CALM */
  reset(): void {
    if (++this.#resets > this.#limits.resets) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `More than ${this.#limits.resets} requests were cancelled or malformed in a short time.`,
      );
    }
  }

  /** @throws ConnectionError ENHANCE_YOUR_CALM */
  idleFrame(cost = 1): void {
    this.#idleFrames += cost;
    if (this.#idleFrames > this.#limits.idleFrames) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `More than ${this.#limits.idleFrames} frames without content came in a short time.`,
      );
    }
  }

  /** A PING is an idle frame whose flood has a name of its own: clients of gRPC that read it ask less
   * often (https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md).
   * @throws ConnectionError ENHANCE_YOUR_CALM */
  ping(): void {
    if (++this.#idleFrames > this.#limits.idleFrames) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too_many_pings');
    }
  }

  request(): void {
    this.#forgive(FORGIVEN_BY_REQUEST);
  }

  /** A DATA frame with content went either way. */
  data(): void {
    this.#forgive(FORGIVEN_BY_DATA);
  }

  #forgive(count: number): void {
    this.#idleFrames = this.#idleFrames > count ? this.#idleFrames - count : 0;
  }
}
