import { type Timer, TimerWheel } from './timer-wheel.ts';

/** Time as the coordinators see it; tests have one that they move themselves. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z, for what is stored or shown. */
  readonly wallMs: number;
  /** A stopped timer. Its time does not follow changes of the machine's clock. */
  timer(action: () => void): Timer;
}

const TICK_MS = 10;
const SLOTS = 1024;

/** One wheel on one timer of the process, which is set only for as long as a limit runs. */
export class SystemClock implements Clock {
  readonly #wheel = new TimerWheel(TICK_MS, SLOTS, () => performance.now());
  #timeout: NodeJS.Timeout | undefined;
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor() {
    this.#wheel.onEarlier = () => this.#arm();
  }

  get wallMs(): number {
    return Date.now();
  }

  timer(action: () => void): Timer {
    return this.#wheel.timer(action);
  }

  stop(): void {
    this.#wheel.onEarlier = undefined;
    clearTimeout(this.#timeout);
  }

  #arm(): void {
    const nextMs = this.#wheel.nextMs();
    if (nextMs === undefined || nextMs >= this.#wakeMs) return;
    clearTimeout(this.#timeout);
    this.#wakeMs = nextMs;
    this.#timeout = setTimeout(() => this.#wake(), Math.max(1, nextMs - performance.now()));
    this.#timeout.unref();
  }

  #wake(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    this.#wheel.advance();
    this.#arm();
  }
}
