import type { Cursor } from './cursor.ts';
import { PACKET } from './packet-types.ts';
import { malformed, protocolError } from './reasons.ts';

/** Where a will's properties stand, beside the packets' types. */
export const WILL = 0;

export type UserProperty = readonly [name: string, value: string];

/** Properties (MQTT 5.0 section 2.2.2), by the names that the specification gives them. */
export interface Properties {
  payloadFormatIndicator?: number;
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Buffer;
  subscriptionIdentifier?: number;
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Buffer;
  requestProblemInformation?: number;
  willDelayInterval?: number;
  requestResponseInformation?: number;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  topicAlias?: number;
  maximumQoS?: number;
  retainAvailable?: number;
  userProperties?: UserProperty[];
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: number;
  subscriptionIdentifierAvailable?: number;
  sharedSubscriptionAvailable?: number;
}

export const NO_PROPERTIES: Readonly<Properties> = Object.freeze({});

export type PropertyKind = 'byte' | 'uint16' | 'uint32' | 'variable' | 'text' | 'binary' | 'pair';

export interface PropertyFacts {
  readonly id: number;
  readonly name: keyof Properties;
  readonly kind: PropertyKind;
  /** Types of the packets that may have it. */
  readonly packets: readonly number[];
  readonly min?: number;
  readonly max?: number;
}

const { CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = PACKET;
const { SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, DISCONNECT, AUTH } = PACKET;
const ACKS = [PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK];
const BOOLEAN = { min: 0, max: 1 } as const;

/** MQTT 5.0 table 2-4. */
// biome-ignore format: a table
export const PROPERTIES: readonly PropertyFacts[] = [
  { id: 0x01, name: 'payloadFormatIndicator', kind: 'byte', packets: [PUBLISH, WILL], ...BOOLEAN },
  { id: 0x02, name: 'messageExpiryInterval', kind: 'uint32', packets: [PUBLISH, WILL] },
  { id: 0x03, name: 'contentType', kind: 'text', packets: [PUBLISH, WILL] },
  { id: 0x08, name: 'responseTopic', kind: 'text', packets: [PUBLISH, WILL] },
  { id: 0x09, name: 'correlationData', kind: 'binary', packets: [PUBLISH, WILL] },
  { id: 0x0b, name: 'subscriptionIdentifier', kind: 'variable', packets: [PUBLISH, SUBSCRIBE], min: 1 },
  { id: 0x11, name: 'sessionExpiryInterval', kind: 'uint32', packets: [CONNECT, CONNACK, DISCONNECT] },
  { id: 0x12, name: 'assignedClientIdentifier', kind: 'text', packets: [CONNACK] },
  { id: 0x13, name: 'serverKeepAlive', kind: 'uint16', packets: [CONNACK] },
  { id: 0x15, name: 'authenticationMethod', kind: 'text', packets: [CONNECT, CONNACK, AUTH] },
  { id: 0x16, name: 'authenticationData', kind: 'binary', packets: [CONNECT, CONNACK, AUTH] },
  { id: 0x17, name: 'requestProblemInformation', kind: 'byte', packets: [CONNECT], ...BOOLEAN },
  { id: 0x18, name: 'willDelayInterval', kind: 'uint32', packets: [WILL] },
  { id: 0x19, name: 'requestResponseInformation', kind: 'byte', packets: [CONNECT], ...BOOLEAN },
  { id: 0x1a, name: 'responseInformation', kind: 'text', packets: [CONNACK] },
  { id: 0x1c, name: 'serverReference', kind: 'text', packets: [CONNACK, DISCONNECT] },
  { id: 0x1f, name: 'reasonString', kind: 'text', packets: [CONNACK, ...ACKS, DISCONNECT, AUTH] },
  { id: 0x21, name: 'receiveMaximum', kind: 'uint16', packets: [CONNECT, CONNACK], min: 1 },
  { id: 0x22, name: 'topicAliasMaximum', kind: 'uint16', packets: [CONNECT, CONNACK] },
  { id: 0x23, name: 'topicAlias', kind: 'uint16', packets: [PUBLISH] },
  { id: 0x24, name: 'maximumQoS', kind: 'byte', packets: [CONNACK], ...BOOLEAN },
  { id: 0x25, name: 'retainAvailable', kind: 'byte', packets: [CONNACK], ...BOOLEAN },
  { id: 0x26, name: 'userProperties', kind: 'pair', packets: [CONNECT, CONNACK, PUBLISH, WILL, ...ACKS, SUBSCRIBE, UNSUBSCRIBE, DISCONNECT, AUTH] },
  { id: 0x27, name: 'maximumPacketSize', kind: 'uint32', packets: [CONNECT, CONNACK], min: 1 },
  { id: 0x28, name: 'wildcardSubscriptionAvailable', kind: 'byte', packets: [CONNACK], ...BOOLEAN },
  { id: 0x29, name: 'subscriptionIdentifierAvailable', kind: 'byte', packets: [CONNACK], ...BOOLEAN },
  { id: 0x2a, name: 'sharedSubscriptionAvailable', kind: 'byte', packets: [CONNACK], ...BOOLEAN },
];

const BY_ID: readonly (PropertyFacts | undefined)[] = Array.from({ length: 0x2b }, (_, id) =>
  PROPERTIES.find((one) => one.id === id),
);

/** Most user properties of one packet. */
const MAX_USER_PROPERTIES = 1000;

/**
 * The properties of a packet.
 * @param packet type of the packet, or WILL
 * @throws MqttError 0x81 for bytes that are none and a property that does not belong there, 0x82 for
 *   one that comes twice or has a value that it cannot have
 */
export function readProperties(cursor: Cursor, packet: number): Properties {
  const length = cursor.variable();
  if (length === 0) return NO_PROPERTIES;
  const end = cursor.at + length;
  const packetEnd = cursor.end;
  if (end > packetEnd) throw malformed('Properties go beyond the end of their packet.');
  cursor.end = end;
  const found: Properties = {};
  while (cursor.at < end) {
    const id = cursor.variable();
    const facts = BY_ID[id];
    if (facts === undefined || !facts.packets.includes(packet)) {
      throw malformed(`Property ${id} does not belong into this packet.`);
    }
    if (facts.kind === 'pair') addUserProperty(found, cursor);
    else {
      // Only a server may send several of them (section 3.3.2.3.8).
      if (found[facts.name] !== undefined) throw protocolError(`Property ${id} comes twice.`);
      (found as Record<string, unknown>)[facts.name] = readValue(cursor, facts);
    }
  }
  cursor.end = packetEnd;
  return found;
}

function addUserProperty(found: Properties, cursor: Cursor): void {
  found.userProperties ??= [];
  if (found.userProperties.length >= MAX_USER_PROPERTIES) {
    throw protocolError(`A packet has more than ${MAX_USER_PROPERTIES} user properties.`);
  }
  found.userProperties.push([cursor.text(), cursor.text()]);
}

function readValue(cursor: Cursor, facts: PropertyFacts): number | string | Buffer {
  if (facts.kind === 'text') return cursor.text();
  if (facts.kind === 'binary') return cursor.binary();
  const value = readNumber(cursor, facts.kind);
  const { min = 0, max = value } = facts;
  if (value < min || value > max) {
    throw protocolError(`Property ${facts.id} cannot be ${value}.`);
  }
  return value;
}

function readNumber(cursor: Cursor, kind: PropertyKind): number {
  if (kind === 'byte') return cursor.byte();
  if (kind === 'uint16') return cursor.uint16();
  return kind === 'uint32' ? cursor.uint32() : cursor.variable();
}
