import { PACKET, type Version } from './packet-types.ts';
import {
  PROPERTIES,
  type Properties,
  type PropertyFacts,
  type UserProperty,
} from './properties.ts';
import { REASON, type Reason, returnCodeOf } from './reasons.ts';

/** What a server sends, but for PUBLISH. */

const NOTHING = Buffer.alloc(0);

/** Variable byte integer (MQTT 5.0 section 1.5.5). */
export function variable(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  do {
    const byte = left & 0x7f;
    left >>>= 7;
    bytes.push(left > 0 ? byte | 0x80 : byte);
  } while (left > 0);
  return Buffer.from(bytes);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function field(bytes: Uint8Array): Buffer {
  return Buffer.concat([uint16(bytes.length), bytes]);
}

/** Properties without their length. */
export function propertyBytes(properties: Readonly<Properties>): Buffer {
  const parts: Buffer[] = [];
  for (const facts of PROPERTIES) {
    const value = properties[facts.name];
    if (value === undefined) continue;
    if (facts.kind === 'pair') {
      for (const [name, text] of value as readonly UserProperty[]) {
        parts.push(Buffer.from([facts.id]), field(Buffer.from(name)), field(Buffer.from(text)));
      }
    } else
      parts.push(Buffer.from([facts.id]), valueBytes(facts, value as number | string | Buffer));
  }
  return parts.length === 0 ? NOTHING : Buffer.concat(parts);
}

function valueBytes({ kind }: PropertyFacts, value: number | string | Buffer): Buffer {
  if (typeof value !== 'number') return field(Buffer.from(value as string));
  if (kind === 'byte') return Buffer.from([value]);
  if (kind === 'uint16') return uint16(value);
  if (kind === 'variable') return variable(value);
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function withLength(properties: Readonly<Properties>): Buffer {
  const bytes = propertyBytes(properties);
  return Buffer.concat([variable(bytes.length), bytes]);
}

function packet(type: number, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([type << 4]), variable(length), ...parts]);
}

/** Undefined where the client's version has no code for it. */
export function connack(
  version: Version,
  reason: Reason,
  sessionPresent: boolean,
  properties: Readonly<Properties>,
): Buffer | undefined {
  const flags = sessionPresent ? 1 : 0;
  if (version === 5) {
    return packet(PACKET.CONNACK, Buffer.from([flags, reason]), withLength(properties));
  }
  const code = returnCodeOf(reason);
  return code === undefined ? undefined : packet(PACKET.CONNACK, Buffer.from([flags, code]));
}

/** An acknowledgement with its reason, for MQTT 5. */
export function ackWithReason(
  type: number,
  packetId: number,
  reason: number,
  text: string | undefined,
): Buffer {
  const head = Buffer.from([packetId >> 8, packetId & 0xff, reason]);
  const flags = type === PACKET.PUBREL ? 2 : 0;
  const bytes =
    text === undefined
      ? packet(type, head)
      : packet(type, head, withLength({ reasonString: text }));
  bytes[0]! |= flags;
  return bytes;
}

export function suback(version: Version, packetId: number, reasons: readonly number[]): Buffer {
  const id = uint16(packetId);
  if (version === 5) return packet(PACKET.SUBACK, id, variable(0), Buffer.from(reasons));
  return packet(PACKET.SUBACK, id, Buffer.from(reasons.map((one) => (one > 2 ? 0x80 : one))));
}

export function unsuback(version: Version, packetId: number, reasons: readonly number[]): Buffer {
  const id = uint16(packetId);
  if (version === 5) return packet(PACKET.UNSUBACK, id, variable(0), Buffer.from(reasons));
  return packet(PACKET.UNSUBACK, id);
}

export function disconnect(reason: Reason, properties: Readonly<Properties>): Buffer {
  return packet(PACKET.DISCONNECT, Buffer.from([reason]), withLength(properties));
}

export function auth(reason: Reason, properties: Readonly<Properties>): Buffer {
  if (reason === REASON.SUCCESS && Object.keys(properties).length === 0) return packet(PACKET.AUTH);
  return packet(PACKET.AUTH, Buffer.from([reason]), withLength(properties));
}

export const PINGRESP = packet(PACKET.PINGRESP);
