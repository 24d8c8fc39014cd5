import { Cursor } from './wire/cursor.ts';
import { PACKET, type QoS, type Version } from './wire/packet-types.ts';
import type { PacketSink, PublishView } from './wire/packets.ts';
import { NO_PROPERTIES, type Properties, readProperties } from './wire/properties.ts';
import { readConnect } from './wire/read-connect.ts';
import { readAck, readReason, readSubscribe, readUnsubscribe } from './wire/read-packets.ts';
import { MqttError, malformed, protocolError, REASON } from './wire/reasons.ts';

/** Flags that the fixed header of a type has to have (MQTT 5.0 table 2-2); PUBLISH has its own. */
const FLAGS: Readonly<Record<number, number>> = {
  [PACKET.PUBREL]: 2,
  [PACKET.SUBSCRIBE]: 2,
  [PACKET.UNSUBSCRIBE]: 2,
};
/** A fixed header: the type, and a length of at most four bytes. */
const MAX_HEADER = 5;
const NO_BYTES = Buffer.alloc(0);
const FIRST_HELD_BYTES = 1024;

/**
 * Bytes of one client to packets. Whole packets are read where they lie; only one that a read cut
 * is put together in a buffer, which grows with what has come, not with what was announced.
 *
 *     packet => type and flags byte, remaining length variable, content
 */
export class PacketReader {
  /** Largest packet that is taken, fixed header included. */
  maxBytes: number;
  /** Undefined until CONNECT has come. */
  version: Version | undefined;
  readonly #publish: View = new View();
  #held: Buffer = NO_BYTES;
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes that are kept until more comes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Reads the packets in `bytes`, which are looked at during the call only.
   * @throws MqttError for what is no packet of MQTT, or not allowed; nothing may be pushed then
   */
  push(bytes: Buffer, sink: PacketSink): void {
    let at = 0;
    if (this.#heldBytes > 0) {
      if (sink.holding) {
        this.#hold(bytes, 0, bytes.length);
        return;
      }
      at = this.#complete(bytes, sink);
    }
    while (at < bytes.length && !sink.holding) {
      const end = this.#endOf(bytes, at, bytes.length);
      if (end > bytes.length || end < 0) break;
      this.#packet(bytes, at, end, sink);
      at = end;
    }
    if (at < bytes.length) this.#hold(bytes, at, bytes.length);
  }

  /** The sink takes packets again: reads those that were kept. */
  resume(sink: PacketSink): void {
    const held = this.#held.subarray(0, this.#heldBytes);
    this.#drop();
    this.push(held, sink);
  }

  /** Puts a packet together that was cut. Answers where the next begins. */
  #complete(bytes: Buffer, sink: PacketSink): number {
    let at = 0;
    for (;;) {
      const end = this.#endOf(this.#held, 0, this.#heldBytes);
      if (end >= 0 && end <= this.#heldBytes) {
        const packet = this.#held;
        this.#drop();
        this.#packet(packet, 0, end, sink);
        return at;
      }
      if (at === bytes.length) return at;
      // While the length is not known, byte by byte.
      const wanted = end < 0 ? 1 : end - this.#heldBytes;
      const upTo = Math.min(bytes.length, at + wanted);
      this.#hold(bytes, at, upTo);
      at = upTo;
    }
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, FIRST_HELD_BYTES, 2 * this.#heldBytes));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = needed;
  }

  #drop(): void {
    this.#held = NO_BYTES;
    this.#heldBytes = 0;
  }

  /** Where the packet that begins at `at` ends; -1 where its length is not there yet. */
  #endOf(bytes: Buffer, at: number, limit: number): number {
    let length = 0;
    for (let index = 1; index < MAX_HEADER; index++) {
      if (at + index >= limit) return -1;
      const byte = bytes[at + index]!;
      length |= (byte & 0x7f) << (7 * (index - 1));
      if (byte < 0x80) {
        if (byte === 0 && index > 1)
          throw malformed('A remaining length has more bytes than it needs.');
        this.#checkSize(bytes[at]!, index + 1 + length);
        return at + index + 1 + length;
      }
    }
    throw malformed('A remaining length has more than four bytes.');
  }

  #checkSize(first: number, bytes: number): void {
    if (this.version === undefined && first !== PACKET.CONNECT << 4) {
      throw protocolError('The first packet is no CONNECT.');
    }
    if (bytes > this.maxBytes) {
      throw new MqttError(
        REASON.PACKET_TOO_LARGE,
        `A packet has ${bytes} bytes; at most ${this.maxBytes} are taken.`,
      );
    }
  }

  #packet(bytes: Buffer, start: number, end: number, sink: PacketSink): void {
    const first = bytes[start]!;
    let at = start + 1;
    while (bytes[at]! >= 0x80) at++;
    at++;
    const type = first >> 4;
    if (type === PACKET.PUBLISH) {
      this.#publish.read(bytes, at, end, first & 0x0f, this.version === 5);
      sink.publish(this.#publish);
      return;
    }
    if ((first & 0x0f) !== (FLAGS[type] ?? 0)) {
      throw malformed(`The flags of a packet of type ${type} are not the reserved ones.`);
    }
    this.#other(type, new Cursor(bytes, at, end), sink);
  }

  #other(type: number, cursor: Cursor, sink: PacketSink): void {
    const modern = this.version === 5;
    switch (type) {
      case PACKET.PUBACK:
      case PACKET.PUBREC:
      case PACKET.PUBREL:
      case PACKET.PUBCOMP: {
        const { packetId, reason } = readAck(cursor, type, modern);
        sink.acknowledged(type, packetId, reason);
        return;
      }
      case PACKET.PINGREQ:
        if (cursor.left > 0) throw malformed('PINGREQ is not empty.');
        sink.ping();
        return;
      case PACKET.SUBSCRIBE:
        sink.subscribe(readSubscribe(cursor, modern));
        return;
      case PACKET.UNSUBSCRIBE:
        sink.unsubscribe(readUnsubscribe(cursor, modern));
        return;
      case PACKET.CONNECT: {
        if (this.version !== undefined) throw protocolError('A second CONNECT came.');
        const packet = readConnect(cursor);
        this.version = packet.version;
        sink.connect(packet);
        return;
      }
      case PACKET.DISCONNECT:
        sink.disconnect(readReason(cursor, type, modern));
        return;
      case PACKET.AUTH:
        if (!modern) break;
        sink.authenticate(readReason(cursor, type, modern));
        return;
    }
    throw protocolError(`A client does not send packets of type ${type}.`);
  }
}

/** PUBLISH (MQTT 5.0 section 3.3): topic, [packet id], [properties], payload */
class View implements PublishView {
  bytes: Buffer = NO_BYTES;
  topicStart = 0;
  topicEnd = 0;
  payloadStart = 0;
  payloadEnd = 0;
  qos: QoS = 0;
  retain = false;
  duplicate = false;
  packetId = 0;
  properties: Readonly<Properties> = NO_PROPERTIES;

  read(bytes: Buffer, start: number, end: number, flags: number, modern: boolean): void {
    const qos = (flags >> 1) & 3;
    if (qos === 3) throw malformed('PUBLISH has QoS 3.');
    if (qos === 0 && (flags & 8) !== 0) throw malformed('PUBLISH has QoS 0 and is a duplicate.');
    let at = start + 2;
    if (at > end) throw malformed('PUBLISH ends inside its topic.');
    this.bytes = bytes;
    this.topicStart = at;
    at += (bytes[start]! << 8) | bytes[start + 1]!;
    this.topicEnd = at;
    this.packetId = 0;
    if (qos > 0) {
      this.packetId = at + 2 <= end ? (bytes[at]! << 8) | bytes[at + 1]! : 0;
      at += 2;
    }
    if (at > end) throw malformed('PUBLISH ends inside its topic or packet identifier.');
    if (qos > 0 && this.packetId === 0) throw protocolError('PUBLISH has the packet identifier 0.');
    this.properties = NO_PROPERTIES;
    if (modern) {
      if (at < end && bytes[at] === 0) at++;
      else {
        const cursor = new Cursor(bytes, at, end);
        this.properties = readProperties(cursor, PACKET.PUBLISH);
        at = cursor.at;
      }
    }
    this.payloadStart = at;
    this.payloadEnd = end;
    this.qos = qos as QoS;
    this.retain = (flags & 1) !== 0;
    this.duplicate = (flags & 8) !== 0;
  }
}
