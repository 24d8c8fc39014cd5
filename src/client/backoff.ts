const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** Waits before another try to connect: 0.1 s, doubling to 5 s, each shortened by up to half at
 * random, so that many clients do not come back at the same moment. */
export class Backoff {
  #nextMs = FIRST_MS;

  reset(): void {
    this.#nextMs = FIRST_MS;
  }

  /** Resolves when it is time, or the signal is aborted. */
  wait(signal: AbortSignal): Promise<void> {
    const delayMs = this.#nextMs * (0.5 + Math.random() / 2);
    this.#nextMs = Math.min(this.#nextMs * 2, LONGEST_MS);
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
