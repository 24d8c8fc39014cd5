/** Bounds the bytes that all connections hold together; who finds it used up waits. */
export class ByteBudget {
  readonly #maxBytes: number;
  #used = 0;
  #waiting = new Set<() => void>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that may still be taken; 0 where more were taken than there are. */
  get left(): number {
    return Math.max(0, this.#maxBytes - this.#used);
  }

  get exhausted(): boolean {
    return this.#used >= this.#maxBytes;
  }

  take(bytes: number): void {
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
    if (this.#waiting.size === 0 || this.exhausted) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const go of waiting) go();
  }

  /** Calls `go` once there is room again. */
  wait(go: () => void): void {
    this.#waiting.add(go);
  }

  forget(go: () => void): void {
    this.#waiting.delete(go);
  }
}
