/** Upper bounds of the duration buckets, in milliseconds. */
export const DURATION_BOUNDS_MS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
];

/** Counts durations in fixed buckets; recording one allocates nothing. */
export class Histogram {
  /** One count for each bound, not cumulative, and a last one for what is beyond. */
  readonly counts = new Float64Array(DURATION_BOUNDS_MS.length + 1);
  sumMs = 0;

  record(durationMs: number): void {
    let bucket = 0;
    while (bucket < DURATION_BOUNDS_MS.length && durationMs > DURATION_BOUNDS_MS[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sumMs += durationMs;
  }
}

/**
 * The figures that every protocol reports, counted by the same code for all of them: calls and
 * messages by the hub, bytes and connections by the listener.
 */
export class Meter {
  readonly protocol: string;
  /** Calls and messages that came from clients. */
  received = 0;
  /** Answers, stream items and deliveries that went to clients. */
  sent = 0;
  /** Turned away before a handler ran: bad input, no permission, limits, unknown names. */
  refused = 0;
  /** Ended in a fault after a handler ran. */
  failed = 0;
  /** Deliveries that a slow receiver lost. */
  dropped = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Calls running now. */
  inFlight = 0;
  /** Connections open now. */
  connections = 0;

  readonly #durations = new Map<string, Histogram>();

  constructor(protocol: string) {
    this.protocol = protocol;
  }

  /** Durations of the calls of one operation, by its full name. Names come from contracts, never
   * from callers: their number is bounded. */
  durations(operation: string): Histogram {
    let histogram = this.#durations.get(operation);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.#durations.set(operation, histogram);
    }
    return histogram;
  }

  allDurations(): Iterable<readonly [operation: string, histogram: Histogram]> {
    return this.#durations;
  }
}

export class Diagnostics {
  readonly #meters = new Map<string, Meter>();

  /** The one meter of a protocol. */
  meter(protocol: string): Meter {
    let meter = this.#meters.get(protocol);
    if (meter === undefined) {
      meter = new Meter(protocol);
      this.#meters.set(protocol, meter);
    }
    return meter;
  }

  meters(): Iterable<Meter> {
    return this.#meters.values();
  }
}
