import type { Clock } from './clock.ts';
import { type Timer, TimerWheel } from './timer-wheel.ts';

const TICK_MS = 10;

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  wallMs = 1_700_000_000_000;
  readonly #wheel = new TimerWheel(TICK_MS, 64, () => this.wallMs);

  timer(action: () => void): Timer {
    return this.#wheel.timer(action);
  }

  /** Moves in steps of 10 ms, so that what fires sees its own time. */
  advance(ms: number): void {
    const endMs = this.wallMs + ms;
    while (this.wallMs < endMs) {
      this.wallMs = Math.min(endMs, this.wallMs + TICK_MS);
      this.#wheel.advance();
    }
  }
}
