import type { Cursor } from './cursor.ts';
import { PACKET, type QoS, type Version } from './packet-types.ts';
import type { ConnectPacket, Will } from './packets.ts';
import { NO_PROPERTIES, readProperties, WILL } from './properties.ts';
import { MqttError, malformed, protocolError, REASON } from './reasons.ts';

const FLAG = { reserved: 0x01, cleanStart: 0x02, will: 0x04, retain: 0x20 } as const;
const USER_NAME = 0x80;
const PASSWORD = 0x40;

/**
 * CONNECT (MQTT 5.0 section 3.1):
 *
 *     protocol name, level, flags, keep alive, properties,
 *     client id, [will properties, topic, payload], [user name], [password]
 *
 * @throws MqttError 0x84 for a version that is not spoken, and others
 */
export function readConnect(cursor: Cursor): ConnectPacket {
  const version = readVersion(cursor);
  const flags = cursor.byte();
  if ((flags & FLAG.reserved) !== 0) throw malformed('The reserved flag of CONNECT is set.');
  if (version < 5 && (flags & USER_NAME) === 0 && (flags & PASSWORD) !== 0) {
    throw protocolError('CONNECT has a password and no user name.');
  }
  const keepAlive = cursor.uint16();
  const properties = version === 5 ? readProperties(cursor, PACKET.CONNECT) : NO_PROPERTIES;
  if (
    properties.authenticationData !== undefined &&
    properties.authenticationMethod === undefined
  ) {
    throw protocolError('CONNECT has authentication data and no authentication method.');
  }
  const clientId = cursor.text();
  const will = readWill(cursor, flags, version);
  const userName = (flags & USER_NAME) === 0 ? undefined : cursor.text();
  const password = (flags & PASSWORD) === 0 ? undefined : cursor.binary();
  if (cursor.left > 0) throw malformed('CONNECT has bytes behind its last field.');
  const cleanStart = (flags & FLAG.cleanStart) !== 0;
  return { version, cleanStart, keepAlive, clientId, will, userName, password, properties };
}

function readVersion(cursor: Cursor): Version {
  const name = cursor.text();
  if (name !== 'MQTT' && name !== 'MQIsdp') {
    throw protocolError('The protocol name of CONNECT is not MQTT.');
  }
  const level = cursor.byte();
  if (name === 'MQIsdp' ? level === 3 : level === 4 || level === 5) return level as Version;
  throw new MqttError(
    REASON.UNSUPPORTED_PROTOCOL_VERSION,
    `Protocol level ${level} of ${name} is not served; 3.1, 3.1.1 and 5.0 are.`,
  );
}

function readWill(cursor: Cursor, flags: number, version: Version): Will | undefined {
  const qos = (flags >> 3) & 3;
  const retain = (flags & FLAG.retain) !== 0;
  if ((flags & FLAG.will) === 0) {
    if (qos !== 0 || retain) throw malformed('CONNECT has flags of a will and no will.');
    return undefined;
  }
  if (qos === 3) throw malformed('The will has QoS 3.');
  const properties = version === 5 ? readProperties(cursor, WILL) : NO_PROPERTIES;
  const topic = cursor.text();
  const payload = cursor.binary();
  return { topic, payload, qos: qos as QoS, retain, properties };
}
