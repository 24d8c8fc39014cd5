/**
 * Tells a client which resources have news. News of one resource that could not be told yet are
 * one piece of news: what waits for a slow client, or one that is away, is bounded by what it is
 * subscribed to.
 */
export class Updates {
  readonly #dirty = new Set<string>();
  readonly #target: UpdateTarget;
  #waiting = false;

  constructor(target: UpdateTarget) {
    this.#target = target;
  }

  updated(uri: string): void {
    this.#dirty.add(uri);
    this.flush();
  }

  /** Nobody is subscribed to it any more. */
  forget(uri: string): void {
    this.#dirty.delete(uri);
  }

  /** Tells what waits, as far as the client reads; to be called when it is there again. */
  flush(): void {
    if (this.#waiting || !this.#target.open) return;
    for (const uri of this.#dirty) {
      this.#dirty.delete(uri);
      if (this.#target.send(uri)) continue;
      this.#waiting = true;
      void this.#target.drained().then(() => {
        this.#waiting = false;
        this.flush();
      });
      return;
    }
  }
}

export interface UpdateTarget {
  /** Whether there is somebody to tell. */
  readonly open: boolean;
  /** Answers false when the client reads too slowly. */
  send(uri: string): boolean;
  /** Never rejects. */
  drained(): Promise<void>;
}
