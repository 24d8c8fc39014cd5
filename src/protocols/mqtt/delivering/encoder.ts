import type { Delivery, Message } from '../../../model/message.ts';
import { MqttMessage, type Published, publishedOf } from '../messages.ts';
import type { TopicCache } from '../topics.ts';
import { PACKET } from '../wire/packet-types.ts';
import { NO_PROPERTIES } from '../wire/properties.ts';
import { propertyBytes, variable } from '../wire/write-packets.ts';
import type { AliasTable } from './aliases.ts';
import { sameView, type View } from './view.ts';

/** PUBLISH packets of some deliveries, one behind the other. Packet identifiers are still 0. */
export interface Encoded {
  readonly bytes: Buffer;
  /** Others get the same bytes: copy them before identifiers are written. */
  readonly shared: boolean;
  /** Of the packets above QoS 0: where the identifier stands, its QoS, and which delivery it is. */
  readonly idAt: readonly number[];
  readonly qos: readonly (1 | 2)[];
  readonly index: readonly number[];
  /** Deliveries that are not in it: not wanted, of no use any more, or too large. */
  readonly left: number;
}

interface Kept {
  readonly view: View;
  readonly messages: readonly Message[];
  readonly encoded: Encoded;
}

const FIRST_BYTES = 65_536;
/** The scratch buffer is given back when a message has made it larger than this. */
const MAX_SCRATCH_BYTES = 1_048_576;
/** What is kept for other subscribers: so many batches, of so many bytes at most. */
const KEPT = 4;
const MAX_KEPT_BYTES = 262_144;
const NO_BYTES: Buffer = Buffer.alloc(0);
/** Type, remaining length, length of the topic, packet identifier. */
const HEAD_BYTES = 1 + 4 + 2 + 2;

/**
 * Deliveries to PUBLISH packets (MQTT 5.0 section 3.3). Subscribers to the same subjects get the
 * same messages in the same turn: what was written for one is kept for the next.
 */
export class PublishEncoder {
  readonly #topics: TopicCache;
  readonly #kept: (Kept | undefined)[] = new Array(KEPT).fill(undefined);
  #turn = 0;
  #scratch: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;
  /** What is being written may be given to others. */
  #constant = true;

  constructor(topics: TopicCache) {
    this.#topics = topics;
  }

  encode(
    deliveries: readonly Delivery[],
    from: number,
    to: number,
    view: View,
    aliases: AliasTable | undefined,
  ): Encoded {
    if (aliases === undefined) {
      for (const kept of this.#kept) {
        if (kept !== undefined && isFor(kept, deliveries, from, to, view)) return kept.encoded;
      }
    }
    const encoded = this.#encode(deliveries, from, to, view, aliases);
    if (encoded.shared) {
      const messages: Message[] = new Array(to - from);
      for (let index = from; index < to; index++)
        messages[index - from] = deliveries[index]!.message;
      this.#kept[this.#turn] = { view, messages, encoded };
      this.#turn = (this.#turn + 1) % KEPT;
    }
    return encoded;
  }

  /** One packet that the client has been sent before, with the identifier that it had. Empty where
   * it is of no use any more. */
  again(message: Message, view: View, qos: 1 | 2, packetId: number): Buffer {
    const published = publishedOf(message);
    this.#at = 0;
    if (!this.#write(message, published, qos, view, undefined)) return NO_BYTES;
    const bytes = Buffer.from(this.#scratch.subarray(0, this.#at));
    bytes[0]! |= 8;
    bytes.writeUInt16BE(packetId, this.#idAt);
    return bytes;
  }

  /** Forgets what it keeps for others. */
  forget(): void {
    this.#kept.fill(undefined);
  }

  #encode(
    deliveries: readonly Delivery[],
    from: number,
    to: number,
    view: View,
    aliases: AliasTable | undefined,
  ): Encoded {
    const idAt: number[] = [];
    const qosOf: (1 | 2)[] = [];
    const indexOf: number[] = [];
    let left = 0;
    this.#at = 0;
    this.#constant = aliases === undefined;
    for (let index = from; index < to; index++) {
      const { message } = deliveries[index]!;
      const published = publishedOf(message);
      const qos = published.qos < view.qos ? published.qos : view.qos;
      if (isHidden(message, view) || !this.#write(message, published, qos, view, aliases)) {
        left++;
      } else if (qos > 0) {
        idAt.push(this.#idAt);
        qosOf.push(qos as 1 | 2);
        indexOf.push(index);
      }
    }
    const bytes = this.#at === 0 ? NO_BYTES : Buffer.from(this.#scratch.subarray(0, this.#at));
    if (this.#scratch.length > MAX_SCRATCH_BYTES) this.#scratch = Buffer.allocUnsafe(FIRST_BYTES);
    const shared = this.#constant && bytes.length <= MAX_KEPT_BYTES;
    return { bytes, shared, idAt, qos: qosOf, index: indexOf, left };
  }

  #idAt = 0;

  /** Writes one packet; false where it has no place (too large, or of no use any more). */
  #write(
    message: Message,
    published: Published,
    qos: number,
    view: View,
    aliases: AliasTable | undefined,
  ): boolean {
    const seconds = secondsLeft(published.expiresMs);
    if (seconds < 0) return false;
    const name =
      message instanceof MqttMessage ? message.topic.bytes : this.#topics.bytesOf(message.subject);
    const { payload } = message;
    const alias = view.modern ? aliases?.of(name) : undefined;
    const topic = alias?.known === true ? NO_BYTES : name;
    const properties = view.modern
      ? this.#properties(published, view, seconds, alias?.number)
      : NO_BYTES;
    const propertyLength = view.modern ? sizeOf(properties.length) + properties.length : 0;
    const length = 2 + topic.length + (qos > 0 ? 2 : 0) + propertyLength + payload.byteLength;
    if (1 + sizeOf(length) + length > view.maxPacketBytes) return false;
    if (alias?.known === false) aliases?.learn(name);
    this.#reserve(HEAD_BYTES + length);
    const bytes = this.#scratch;
    let at = this.#at;
    const retain = view.retained || (view.retainAsPublished && published.retain);
    bytes[at++] = (PACKET.PUBLISH << 4) | (qos << 1) | (retain ? 1 : 0);
    at = writeVariable(bytes, at, length);
    bytes[at++] = topic.length >> 8;
    bytes[at++] = topic.length & 0xff;
    bytes.set(topic, at);
    at += topic.length;
    this.#idAt = at;
    if (qos > 0) {
      bytes[at++] = 0;
      bytes[at++] = 0;
    }
    if (view.modern) {
      at = writeVariable(bytes, at, properties.length);
      if (properties.length > 0) {
        bytes.set(properties, at);
        at += properties.length;
      }
    }
    bytes.set(payload, at);
    this.#at = at + payload.byteLength;
    return true;
  }

  #properties(
    published: Published,
    view: View,
    seconds: number,
    alias: number | undefined,
  ): Buffer {
    const plain = published.properties === NO_PROPERTIES && seconds === Number.POSITIVE_INFINITY;
    if (plain && view.identifier === 0 && alias === undefined) return NO_BYTES;
    if (seconds !== Number.POSITIVE_INFINITY) this.#constant = false;
    return propertyBytes({
      ...published.properties,
      ...(seconds === Number.POSITIVE_INFINITY ? undefined : { messageExpiryInterval: seconds }),
      ...(view.identifier === 0 ? undefined : { subscriptionIdentifier: view.identifier }),
      ...(alias === undefined ? undefined : { topicAlias: alias }),
    });
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed <= this.#scratch.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#scratch.length));
    this.#scratch.copy(grown, 0, 0, this.#at);
    this.#scratch = grown;
  }
}

function isFor(
  { view, messages }: Kept,
  deliveries: readonly Delivery[],
  from: number,
  to: number,
  wanted: View,
): boolean {
  if (messages.length !== to - from || !sameView(view, wanted)) return false;
  for (let index = from; index < to; index++) {
    if (messages[index - from] !== deliveries[index]!.message) return false;
  }
  return true;
}

function isHidden(message: Message, { hidesSystem, notFrom }: View): boolean {
  if (hidesSystem && message.subject.startsWith('$')) return true;
  return notFrom !== '' && message.id.startsWith(notFrom);
}

/** Whole seconds until a message is of no use; Infinity for never, -1 where that is past. */
function secondsLeft(expiresMs: number): number {
  if (expiresMs === Number.POSITIVE_INFINITY) return expiresMs;
  const leftMs = expiresMs - Date.now();
  return leftMs <= 0 ? -1 : Math.min(Math.ceil(leftMs / 1000), 0xffff_ffff);
}

function sizeOf(length: number): number {
  if (length < 128) return 1;
  if (length < 16_384) return 2;
  return length < 2_097_152 ? 3 : 4;
}

function writeVariable(bytes: Buffer, at: number, value: number): number {
  if (value < 128) {
    bytes[at] = value;
    return at + 1;
  }
  const encoded = variable(value);
  bytes.set(encoded, at);
  return at + encoded.length;
}
