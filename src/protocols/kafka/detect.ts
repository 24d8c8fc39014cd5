import type { Detection } from '../../hub/protocol.ts';

/** size, api key, api version, correlation id, length of the client id */
const HEAD_BYTES = 14;
/** No frame of a first request is larger; larger sizes begin like other protocols. */
const MAX_SIZE = 0x06_400_000;
const MAX_API_KEY = 127;
const MAX_VERSION = 127;

/**
 * Whether a connection begins with a Kafka request:
 *
 *     size int32, apiKey int16, apiVersion int16, correlationId int32, clientId int16 + bytes
 *
 * Its first byte is 0 to 6, which begins no MQTT CONNECT (0x10), TLS record (0x16), AMQP header
 * (`A`), HTTP request (a letter or CR) nor JSON text.
 */
export function detectKafka(bytes: Buffer): Detection {
  if (bytes[0]! > MAX_SIZE >> 24) return 'no';
  if (bytes.length >= 4) {
    const size = bytes.readUInt32BE(0);
    if (size < HEAD_BYTES - 4 || size > MAX_SIZE) return 'no';
  }
  if (bytes.length >= 6 && bytes.readUInt16BE(4) > MAX_API_KEY) return 'no';
  if (bytes.length >= 8 && bytes.readUInt16BE(6) > MAX_VERSION) return 'no';
  if (bytes.length < HEAD_BYTES) return 'more';
  const clientIdBytes = bytes.readInt16BE(12);
  return clientIdBytes >= -1 && clientIdBytes <= bytes.readUInt32BE(0) - 10 ? 'match' : 'no';
}
