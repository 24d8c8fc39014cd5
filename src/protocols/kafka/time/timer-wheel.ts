/** A time limit that can be set anew at any rate; it fires once. Made by `TimerWheel.timer`. */
export class Timer {
  /** When it fires, in the wheel's milliseconds; Infinity while it is stopped. */
  atMs = Number.POSITIVE_INFINITY;
  /** Neighbours in the slot's ring; itself while it is in no slot. */
  next: Timer = this;
  previous: Timer = this;
  /** The tick at which its slot is looked at. */
  slotTick = 0;
  readonly action: () => void;
  readonly #wheel: TimerWheel | undefined;

  constructor(wheel: TimerWheel | undefined, action: () => void) {
    this.#wheel = wheel;
    this.action = action;
  }

  get running(): boolean {
    return this.atMs !== Number.POSITIVE_INFINITY;
  }

  /** Fires `delayMs` from now, whatever was set before. */
  start(delayMs: number): void {
    this.#wheel?.set(this, delayMs);
  }

  stop(): void {
    this.atMs = Number.POSITIVE_INFINITY;
    this.unlink();
  }

  unlink(): void {
    this.next.previous = this.previous;
    this.previous.next = this.next;
    this.next = this;
    this.previous = this;
  }

  linkBefore(ring: Timer): void {
    this.previous = ring.previous;
    this.next = ring;
    ring.previous.next = this;
    ring.previous = this;
  }
}

/**
 * All time limits of group members and transactions in one hashed wheel (Varghese and Lauck,
 * "Hashed and hierarchical timing wheels", scheme 6): setting and stopping cost the same however
 * many there are, and a limit that is only put off (a heartbeat) stays in its slot until that is
 * looked at. A timer never fires early, and at most one tick late.
 */
export class TimerWheel {
  /** Told when a timer is set that fires before all others may be looked at. */
  onEarlier: (() => void) | undefined;
  readonly #tickMs: number;
  readonly #now: () => number;
  readonly #slots: readonly Timer[];
  #tick: number;

  /** @param now milliseconds, monotonic */
  constructor(tickMs: number, slots: number, now: () => number) {
    this.#tickMs = tickMs;
    this.#now = now;
    this.#slots = Array.from({ length: slots }, () => new Timer(undefined, () => {}));
    this.#tick = Math.floor(now() / tickMs);
  }

  /** A stopped timer. */
  timer(action: () => void): Timer {
    return new Timer(this, action);
  }

  set(timer: Timer, delayMs: number): void {
    const linked = timer.next !== timer;
    timer.atMs = this.#now() + Math.max(0, delayMs);
    const tick = this.#tickOf(timer);
    if (linked && tick >= timer.slotTick) return;
    timer.unlink();
    this.#link(timer, tick);
    this.onEarlier?.();
  }

  /** When `advance` has something to look at; undefined for nothing. */
  nextMs(): number | undefined {
    const slots = this.#slots.length;
    for (let step = 1; step <= slots; step += 1) {
      const ring = this.#slots[(this.#tick + step) % slots]!;
      if (ring.next !== ring) return (this.#tick + step) * this.#tickMs;
    }
    return undefined;
  }

  /** Fires all that is due. */
  advance(): void {
    const nowMs = this.#now();
    const last = Math.floor(nowMs / this.#tickMs);
    // After a long pause each slot is looked at once.
    this.#tick = Math.max(this.#tick, last - this.#slots.length);
    while (this.#tick < last) {
      this.#tick += 1;
      this.#look(this.#slots[this.#tick % this.#slots.length]!, nowMs);
    }
  }

  #look(ring: Timer, nowMs: number): void {
    // An action may set and stop any timer, so the ring is emptied from its head; what is linked
    // meanwhile comes behind `last`.
    const last = ring.previous;
    let timer: Timer;
    do {
      timer = ring.next;
      if (timer === ring) return;
      timer.unlink();
      if (timer.atMs <= nowMs) {
        timer.atMs = Number.POSITIVE_INFINITY;
        timer.action();
      } else {
        this.#link(timer, this.#tickOf(timer));
      }
    } while (timer !== last);
  }

  #tickOf(timer: Timer): number {
    return Math.max(this.#tick + 1, Math.ceil(timer.atMs / this.#tickMs));
  }

  #link(timer: Timer, tick: number): void {
    timer.slotTick = Math.min(tick, this.#tick + this.#slots.length);
    timer.linkBefore(this.#slots[timer.slotTick % this.#slots.length]!);
  }
}
