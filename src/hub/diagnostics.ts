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

  constructor(protocol: string) {
    this.protocol = protocol;
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
