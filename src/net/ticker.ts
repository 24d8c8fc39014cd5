/** Something with time limits of its own. */
export interface Ticking {
  /** @param nowMs the ticker's clock */
  tick(nowMs: number): void;
}

/**
 * One timer for all time limits of a listener. A limit is noticed up to one interval late, which
 * costs nothing for each request; a timer for each would cost more than the request.
 */
export class Ticker {
  /** Milliseconds, monotonic, renewed at each tick: exact enough to start a time limit from. */
  nowMs: number;
  readonly #members = new Set<Ticking>();
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param intervalMs how late a limit may be noticed */
  constructor(intervalMs: number) {
    this.nowMs = performance.now();
    this.#intervalMs = intervalMs;
  }

  /** Ticks until `remove`. */
  add(member: Ticking): void {
    this.#members.add(member);
    if (this.#timer === undefined) {
      this.nowMs = performance.now();
      this.#timer = setInterval(() => this.#tick(), this.#intervalMs);
      this.#timer.unref();
    }
  }

  remove(member: Ticking): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.nowMs = performance.now();
    for (const member of this.#members) member.tick(this.nowMs);
  }
}
