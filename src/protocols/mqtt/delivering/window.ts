import type { Delivery } from '../../../model/message.ts';
import type { Source } from './source.ts';

/** What a client owes for a packet that was sent: nothing, PUBACK, PUBREC, PUBCOMP. */
export const OWES = { NOTHING: 0, PUBACK: 1, PUBREC: 2, PUBCOMP: 3 } as const;

const FIRST_SLOTS = 16;
/** Packet identifiers are 1 to 65,535. */
const IDS = 65_535;

/**
 * Packets above QoS 0 that a client has not acknowledged, in the order in which they were sent. A
 * ring of parallel arrays, which grows to what is in flight: packets have consecutive sequence
 * numbers, and identifiers follow from those.
 */
export class Window {
  /** Sequence number of the oldest packet. */
  oldest = 0;
  /** Of the next packet. */
  next = 0;
  #owes = new Uint8Array(FIRST_SLOTS);
  #deliveries: (Delivery | undefined)[] = new Array(FIRST_SLOTS).fill(undefined);
  #sources: (Source | undefined)[] = new Array(FIRST_SLOTS).fill(undefined);

  get size(): number {
    return this.next - this.oldest;
  }

  static idOf(sequence: number): number {
    return (sequence % IDS) + 1;
  }

  /** Sequence number of a packet identifier; undefined where none such is in flight. */
  find(packetId: number): number | undefined {
    const first = this.oldest % IDS;
    const sequence = this.oldest + ((packetId - 1 - first + IDS) % IDS);
    return sequence < this.next && this.owes(sequence) !== OWES.NOTHING ? sequence : undefined;
  }

  /** Takes a packet that is sent now; answers its identifier. */
  add(delivery: Delivery, source: Source, qos: 1 | 2): number {
    if (this.size === this.#owes.length) this.#grow();
    const sequence = this.next++;
    const slot = sequence & (this.#owes.length - 1);
    this.#owes[slot] = qos === 1 ? OWES.PUBACK : OWES.PUBREC;
    this.#deliveries[slot] = delivery;
    this.#sources[slot] = source;
    return Window.idOf(sequence);
  }

  owes(sequence: number): number {
    return this.#owes[sequence & (this.#owes.length - 1)]!;
  }

  /** Undefined for a packet of an earlier run whose message has not been read again. */
  delivery(sequence: number): Delivery | undefined {
    return this.#deliveries[sequence & (this.#owes.length - 1)];
  }

  source(sequence: number): Source | undefined {
    return this.#sources[sequence & (this.#owes.length - 1)];
  }

  /** Begins with packets of an earlier run, of which nothing is owed yet. */
  restore(oldest: number, next: number): void {
    this.oldest = oldest;
    this.next = oldest;
    while (this.next < next) {
      if (this.size === this.#owes.length) this.#grow();
      this.next++;
    }
  }

  owe(sequence: number, owes: number): void {
    this.#owes[sequence & (this.#owes.length - 1)] = owes;
  }

  attach(sequence: number, delivery: Delivery, source: Source): void {
    const slot = sequence & (this.#owes.length - 1);
    this.#deliveries[slot] = delivery;
    this.#sources[slot] = source;
  }

  /** The client has the message (QoS 2): what is left is PUBREL and PUBCOMP. */
  received(sequence: number): void {
    this.#owes[sequence & (this.#owes.length - 1)] = OWES.PUBCOMP;
  }

  /** A packet is done. Sources are told what that brings to its end. */
  done(sequence: number): void {
    this.#owes[sequence & (this.#owes.length - 1)] = OWES.NOTHING;
    this.trim();
  }

  /** Leaves behind what is done at the beginning. */
  trim(): void {
    const mask = this.#owes.length - 1;
    while (this.oldest < this.next && this.#owes[this.oldest & mask] === OWES.NOTHING) {
      const slot = this.oldest++ & mask;
      const delivery = this.#deliveries[slot];
      if (delivery !== undefined) this.#sources[slot]!.passed(delivery);
      this.#sources[slot] = undefined;
      this.#deliveries[slot] = undefined;
    }
  }

  #grow(): void {
    const old = this.#owes.length;
    const length = 2 * old;
    const owes = new Uint8Array(length);
    const deliveries: (Delivery | undefined)[] = new Array(length).fill(undefined);
    const sources: (Source | undefined)[] = new Array(length).fill(undefined);
    for (let sequence = this.oldest; sequence < this.next; sequence++) {
      const from = sequence & (old - 1);
      const to = sequence & (length - 1);
      owes[to] = this.#owes[from]!;
      deliveries[to] = this.#deliveries[from];
      sources[to] = this.#sources[from];
    }
    this.#owes = owes;
    this.#deliveries = deliveries;
    this.#sources = sources;
  }
}
