import type { Cursor } from './cursor.ts';
import { PACKET, type QoS } from './packet-types.ts';
import type {
  AckPacket,
  ReasonPacket,
  SubscribePacket,
  SubscriptionRequest,
  UnsubscribePacket,
} from './packets.ts';
import { NO_PROPERTIES, readProperties } from './properties.ts';
import { malformed, protocolError, REASON } from './reasons.ts';

const SUBACK_LIMIT = 10_000;

export function readPacketId(cursor: Cursor): number {
  const id = cursor.uint16();
  if (id === 0) throw protocolError('A packet has the packet identifier 0.');
  return id;
}

/** SUBSCRIBE (MQTT 5.0 section 3.8). */
export function readSubscribe(cursor: Cursor, modern: boolean): SubscribePacket {
  const packetId = readPacketId(cursor);
  const properties = modern ? readProperties(cursor, PACKET.SUBSCRIBE) : NO_PROPERTIES;
  const subscriptions: SubscriptionRequest[] = [];
  while (cursor.left > 0) {
    const filter = cursor.text();
    const options = cursor.byte();
    if ((options & (modern ? 0xc0 : 0xfc)) !== 0) {
      throw malformed('Reserved bits of subscription options are set.');
    }
    const qos = options & 3;
    const retainHandling = (options >> 4) & 3;
    if (qos === 3) throw malformed('A subscription asks for QoS 3.');
    if (retainHandling === 3) throw protocolError('A subscription has retain handling 3.');
    if (subscriptions.length === SUBACK_LIMIT) throw tooMany('SUBSCRIBE');
    subscriptions.push({
      filter,
      qos: qos as QoS,
      noLocal: (options & 4) !== 0,
      retainAsPublished: (options & 8) !== 0,
      retainHandling: retainHandling as 0 | 1 | 2,
    });
  }
  if (subscriptions.length === 0) throw protocolError('SUBSCRIBE has no topic filter.');
  return { packetId, subscriptions, properties };
}

/** UNSUBSCRIBE (MQTT 5.0 section 3.10). */
export function readUnsubscribe(cursor: Cursor, modern: boolean): UnsubscribePacket {
  const packetId = readPacketId(cursor);
  if (modern) readProperties(cursor, PACKET.UNSUBSCRIBE);
  const filters: string[] = [];
  while (cursor.left > 0) {
    if (filters.length === SUBACK_LIMIT) throw tooMany('UNSUBSCRIBE');
    filters.push(cursor.text());
  }
  if (filters.length === 0) throw protocolError('UNSUBSCRIBE has no topic filter.');
  return { packetId, filters };
}

function tooMany(packet: string): Error {
  return protocolError(`${packet} has more than ${SUBACK_LIMIT} topic filters.`);
}

/** PUBACK, PUBREC, PUBREL, PUBCOMP (MQTT 5.0 sections 3.4 to 3.7). */
export function readAck(cursor: Cursor, type: number, modern: boolean): AckPacket {
  const packetId = readPacketId(cursor);
  let reason: number = REASON.SUCCESS;
  if (modern && cursor.left > 0) {
    reason = cursor.byte();
    checkReason(reason, ACK_REASONS[type]!);
    if (cursor.left > 0) readProperties(cursor, type);
  }
  if (cursor.left > 0) throw malformed('An acknowledgement has bytes behind its last field.');
  return { type, packetId, reason };
}

const PUBLISH_RESULTS: ReadonlySet<number> = new Set([
  REASON.SUCCESS,
  REASON.NO_MATCHING_SUBSCRIBERS,
  REASON.UNSPECIFIED_ERROR,
  REASON.IMPLEMENTATION_ERROR,
  REASON.NOT_AUTHORIZED,
  REASON.TOPIC_NAME_INVALID,
  REASON.PACKET_IDENTIFIER_IN_USE,
  REASON.QUOTA_EXCEEDED,
  REASON.PAYLOAD_FORMAT_INVALID,
]);
const RELEASE_RESULTS: ReadonlySet<number> = new Set([
  REASON.SUCCESS,
  REASON.PACKET_IDENTIFIER_NOT_FOUND,
]);
const ACK_REASONS: Readonly<Record<number, ReadonlySet<number>>> = {
  [PACKET.PUBACK]: PUBLISH_RESULTS,
  [PACKET.PUBREC]: PUBLISH_RESULTS,
  [PACKET.PUBREL]: RELEASE_RESULTS,
  [PACKET.PUBCOMP]: RELEASE_RESULTS,
};

/** Of those in MQTT 5.0 table 3-10, what a client may send. */
const DISCONNECT_REASONS: ReadonlySet<number> = new Set([
  REASON.SUCCESS,
  REASON.DISCONNECT_WITH_WILL,
  REASON.UNSPECIFIED_ERROR,
  REASON.MALFORMED_PACKET,
  REASON.PROTOCOL_ERROR,
  REASON.IMPLEMENTATION_ERROR,
  REASON.TOPIC_NAME_INVALID,
  REASON.RECEIVE_MAXIMUM_EXCEEDED,
  REASON.TOPIC_ALIAS_INVALID,
  REASON.PACKET_TOO_LARGE,
  REASON.MESSAGE_RATE_TOO_HIGH,
  REASON.QUOTA_EXCEEDED,
  REASON.ADMINISTRATIVE_ACTION,
  REASON.PAYLOAD_FORMAT_INVALID,
]);
const AUTH_REASONS: ReadonlySet<number> = new Set([
  REASON.SUCCESS,
  REASON.CONTINUE_AUTHENTICATION,
  REASON.REAUTHENTICATE,
]);

/** DISCONNECT (MQTT 5.0 section 3.14) and AUTH (section 3.15); before MQTT 5 DISCONNECT is empty. */
export function readReason(cursor: Cursor, type: number, modern: boolean): ReasonPacket {
  if (cursor.left === 0) return { reason: REASON.SUCCESS, properties: NO_PROPERTIES };
  if (!modern) throw malformed('DISCONNECT is not empty.');
  const reason = cursor.byte();
  checkReason(reason, type === PACKET.AUTH ? AUTH_REASONS : DISCONNECT_REASONS);
  const properties = cursor.left > 0 ? readProperties(cursor, type) : NO_PROPERTIES;
  if (cursor.left > 0) throw malformed('A packet has bytes behind its last field.');
  return { reason, properties };
}

function checkReason(reason: number, known: ReadonlySet<number>): void {
  if (known.has(reason)) return;
  throw protocolError(`Reason code 0x${reason.toString(16)} does not belong into this packet.`);
}
