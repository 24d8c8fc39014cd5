import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import type { Delivery } from '../../../model/message.ts';
import { Restored } from '../durable/restored.ts';
import type { OutgoingRecord, StoredPacket } from '../durable/session-record.ts';
import { PACKET } from '../wire/packet-types.ts';
import { REASON } from '../wire/reasons.ts';
import type { AliasTable } from './aliases.ts';
import type { PublishEncoder } from './encoder.ts';
import type { RetainedFeed } from './retained-feed.ts';
import type { Source } from './source.ts';
import type { View } from './view.ts';
import { OWES, Window } from './window.ts';

/** The connection that a session has now. */
export interface Link {
  /** Packets above QoS 0 that the client takes without acknowledging them. */
  readonly receiveMaximum: number;
  readonly aliases: AliasTable | undefined;
  /** Answers false when the client reads too slowly: stop until `Outbox.drained`. */
  write(bytes: Buffer): boolean;
  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP, together with others. */
  acknowledge(type: number, packetId: number, reason: number): void;
  /** What has to be kept cannot be: the connection ends. */
  failed(error: unknown): void;
}

/** Deliveries of one source, from `at` on. */
interface Segment {
  readonly source: Source;
  readonly batch: readonly Delivery[];
  at: number;
}

/** Most messages that are written at once. */
const MAX_BATCH = 1024;

/**
 * What a session is to be sent, and what of it waits for the client's acknowledgement. Sources are
 * bounded by the credit that they give: nothing is added per message.
 *
 * For a session that outlives the hub's process what is sent at QoS 2 is kept first, and what the
 * client has received before it is released (MQTT 5.0 section 4.3.3): `save` does both.
 */
export class Outbox {
  /** Keeps what is in flight; durable when it answers. Undefined where nothing outlives the process. */
  save: (() => MaybePromise<void>) | undefined;
  /** Something changed that is not kept yet. */
  dirty = false;
  readonly #encoder: PublishEncoder;
  readonly #queue: Segment[] = [];
  readonly #feeds: RetainedFeed[] = [];
  #window: Window | undefined;
  #restored: Restored | undefined;
  #readAgain = false;
  #link: Link | undefined;
  #blocked = false;
  #saving = false;
  /** Packets that the client has received, to be released. */
  #releases: number[] = [];
  /** Sequence number of the next packet that is to be sent again on a new connection. */
  #again = 0;
  #pumping = false;

  constructor(encoder: PublishEncoder) {
    this.#encoder = encoder;
  }

  get inFlight(): number {
    return this.#window?.size ?? 0;
  }

  push(source: Source, batch: readonly Delivery[]): void {
    const fresh = this.#restored === undefined ? batch : this.#sendRestored(source, batch);
    if (fresh.length === 0) return;
    this.#queue.push({ source, batch: fresh, at: 0 });
    this.pump();
  }

  /** Retained messages: sent when nothing else waits. */
  feed(feed: RetainedFeed): void {
    this.#feeds.push(feed);
  }

  /** Gives up what waits of a source; what is in flight stays. Answers what was given up. */
  forget(source: Source): Delivery[] {
    const given: Delivery[] = [];
    for (let index = this.#queue.length - 1; index >= 0; index--) {
      const segment = this.#queue[index]!;
      if (segment.source !== source) continue;
      this.#queue.splice(index, 1);
      given.unshift(...segment.batch.slice(segment.at));
    }
    for (let index = this.#feeds.length - 1; index >= 0; index--) {
      if (this.#feeds[index]!.of === source) this.#feeds.splice(index, 1);
    }
    return given;
  }

  /** What of a source is sent at QoS 1 and not acknowledged: it is not any more. */
  takeBack(source: Source): Delivery[] {
    const window = this.#window;
    const back: Delivery[] = [];
    for (let sequence = window?.oldest ?? 0; sequence < (window?.next ?? 0); sequence++) {
      if (window!.source(sequence) !== source || window!.owes(sequence) !== OWES.PUBACK) continue;
      back.push(window!.delivery(sequence)!);
      window!.owe(sequence, OWES.NOTHING);
    }
    window?.trim();
    return back;
  }

  /** The client is connected: what it has not acknowledged is sent again, in the same order. */
  attach(link: Link): void {
    this.#link = link;
    this.#blocked = false;
    this.#releases = [];
    this.#again = this.#window?.oldest ?? 0;
    this.pump();
  }

  detach(): void {
    this.#link = undefined;
    this.#feeds.length = 0;
  }

  drained(): void {
    this.#blocked = false;
    this.pump();
  }

  /** Sends what may be sent. */
  pump(): void {
    if (this.#pumping || this.#saving || this.#link === undefined) return;
    this.#pumping = true;
    try {
      this.#release();
      if (!this.#saving) this.#sendAgain();
      while (this.#sendNext());
    } finally {
      this.#pumping = false;
    }
  }

  get #room(): number {
    const { receiveMaximum } = this.#link!;
    return this.#window === undefined ? receiveMaximum : receiveMaximum - this.#window.size;
  }

  #sendAgain(): void {
    const window = this.#window;
    const link = this.#link;
    if (window === undefined || link === undefined) return;
    while (!this.#blocked && this.#again < window.next) {
      if (this.#again < window.oldest) this.#again = window.oldest;
      if (this.#again - window.oldest >= link.receiveMaximum) return;
      this.#sendOnceMore(link, window, this.#again++);
    }
  }

  #sendOnceMore(link: Link, window: Window, sequence: number): void {
    const owes = window.owes(sequence);
    const id = Window.idOf(sequence);
    if (owes === OWES.PUBCOMP) link.acknowledge(PACKET.PUBREL, id, REASON.SUCCESS);
    const delivery = window.delivery(sequence);
    if (owes === OWES.NOTHING || owes === OWES.PUBCOMP || delivery === undefined) return;
    const { view } = window.source(sequence)!;
    const qos = owes === OWES.PUBACK ? 1 : 2;
    const bytes = this.#encoder.again(delivery.message, view, qos, id);
    if (bytes.length === 0) this.#finish(sequence);
    else this.#blocked = !link.write(bytes);
  }

  /** Sends some of the first source; answers whether there may be more. */
  #sendNext(): boolean {
    const link = this.#link;
    if (link === undefined || this.#blocked || this.#saving) return false;
    if (this.#window !== undefined && this.#again < this.#window.next) return false;
    const segment = this.#queue[0];
    if (segment === undefined) return this.#feedNext();
    const { source, batch, at } = segment;
    const count = this.#allowed(source.view, batch.length - at);
    if (count === 0) return false;
    segment.at += count;
    if (segment.at === batch.length) this.#queue.shift();
    this.#send(link, source, batch, at, at + count);
    return true;
  }

  #feedNext(): boolean {
    const feed = this.#feeds[0];
    if (feed === undefined) return false;
    const count = this.#allowed(feed.view, MAX_BATCH);
    if (count === 0) return false;
    const batch = feed.take(count);
    if (batch.length < count) this.#feeds.shift();
    if (batch.length > 0) this.#send(this.#link!, feed, batch, 0, batch.length);
    return true;
  }

  #allowed(view: View, wanted: number): number {
    const most = Math.min(wanted, MAX_BATCH);
    return view.qos === 0 ? most : Math.max(0, Math.min(most, this.#room));
  }

  #send(link: Link, source: Source, batch: readonly Delivery[], from: number, to: number): void {
    const encoded = this.#encoder.encode(batch, from, to, source.view, link.aliases);
    const { idAt, index, qos } = encoded;
    let { bytes } = encoded;
    if (idAt.length > 0) {
      if (encoded.shared) bytes = Buffer.from(bytes);
      this.#window ??= new Window();
      for (let at = 0; at < idAt.length; at++) {
        const id = this.#window.add(batch[index[at]!]!, source, qos[at]!);
        bytes[idAt[at]!] = id >> 8;
        bytes[idAt[at]! + 1] = id & 0xff;
      }
      this.#again = this.#window.next;
      this.dirty = true;
    }
    const write = (): void => {
      if (bytes.length > 0 && link === this.#link) this.#blocked = !link.write(bytes);
    };
    if (this.save !== undefined && qos.includes(2)) this.#afterSave(write);
    else write();
    source.finished(to - from - idAt.length, bytes.length);
  }

  /** What is in flight is kept before something is sent. */
  #afterSave(send: () => void): void {
    const saved = this.save!();
    if (!isPromise(saved)) {
      send();
      return;
    }
    this.#saving = true;
    saved.then(
      () => {
        this.#saving = false;
        send();
        this.pump();
      },
      (error) => {
        this.#saving = false;
        this.#link?.failed(error);
      },
    );
  }

  #release(): void {
    const ids = this.#releases;
    const link = this.#link;
    if (ids.length === 0 || link === undefined) return;
    this.#releases = [];
    const send = (): void => {
      if (link !== this.#link) return;
      for (const id of ids) link.acknowledge(PACKET.PUBREL, id, REASON.SUCCESS);
    };
    if (this.save === undefined) send();
    else this.#afterSave(send);
  }

  /** PUBACK, PUBREC or PUBCOMP came. Those of packets that are not in flight change nothing. */
  acknowledged(type: number, packetId: number, reason: number): void {
    const sequence = this.#window?.find(packetId);
    const owes = sequence === undefined ? OWES.NOTHING : this.#window!.owes(sequence);
    if (type === PACKET.PUBREC) {
      if (sequence === undefined || owes === OWES.PUBACK) {
        this.#link?.acknowledge(PACKET.PUBREL, packetId, REASON.PACKET_IDENTIFIER_NOT_FOUND);
      } else if (reason >= 0x80) this.#finish(sequence);
      else {
        if (owes === OWES.PUBREC) this.#window!.received(sequence);
        this.#releases.push(packetId);
      }
    } else if (sequence === undefined) return;
    else if (type === PACKET.PUBACK ? owes === OWES.PUBACK : owes === OWES.PUBCOMP) {
      this.#finish(sequence);
    }
  }

  #finish(sequence: number): void {
    const window = this.#window!;
    const source = window.source(sequence);
    const bytes = window.delivery(sequence)?.message.payload.byteLength ?? 0;
    window.done(sequence);
    this.dirty = true;
    source?.finished(1, bytes);
    this.#forgetRestored();
  }

  // --- Over a restart of the hub ---

  /** What is in flight, for `restore`. */
  record(positions: OutgoingRecord['positions']): OutgoingRecord {
    const window = this.#window;
    const packets: StoredPacket[] = [...(this.#restored?.packets() ?? [])];
    const { oldest = 0, next = 0 } = window ?? {};
    for (let sequence = oldest; sequence < next; sequence++) {
      const delivery = window!.delivery(sequence);
      if (delivery === undefined) continue;
      const { label } = window!.source(sequence)!;
      packets.push([sequence, window!.owes(sequence), label, delivery.message.id]);
    }
    return { positions, oldest, next, packets };
  }

  /** Begins with what was in flight when the hub was stopped. */
  restore(record: OutgoingRecord): void {
    this.#window = new Window();
    this.#restored = new Restored(record, this.#window);
  }

  /** Everything that may have been in flight has been read again. */
  restored(): void {
    this.#releases.push(...(this.#restored?.finish() ?? []));
    this.#readAgain = true;
    this.#forgetRestored();
    this.pump();
  }

  /** Once nothing is in flight, places in streams say everything. */
  #forgetRestored(): void {
    if (this.#readAgain && this.inFlight === 0) this.#restored = undefined;
  }

  /** Sends again what was in flight; answers the others. */
  #sendRestored(source: Source, batch: readonly Delivery[]): readonly Delivery[] {
    return batch.filter((delivery) => {
      const found = this.#restored!.take(source, delivery);
      if (found === undefined) return true;
      if (found === 'done') source.finished(1, 0);
      else if (found !== 'received' && this.#link !== undefined && this.#again > found) {
        this.#sendOnceMore(this.#link, this.#window!, found);
      }
      return false;
    });
  }
}
