import type { Detection } from '../../hub/protocol.ts';

const CONNECT = 0x10;
/** Length and name of the protocol: MQTT (3.1.1 and 5.0) and MQIsdp (3.1). */
const NAMES = [Buffer.from('\0\x04MQTT'), Buffer.from('\0\x06MQIsdp')];
const MAX_LENGTH_BYTES = 4;

/** Whether a connection begins with CONNECT: its type, a length of one to four bytes, the name. */
export function detectMqtt(bytes: Buffer): Detection {
  if (bytes[0] !== CONNECT) return 'no';
  let at = 1;
  while (at < bytes.length && bytes[at]! >= 0x80) if (++at > MAX_LENGTH_BYTES) return 'no';
  at++;
  if (at >= bytes.length) return 'more';
  const name = bytes.subarray(at);
  let answer: Detection = 'no';
  for (const wanted of NAMES) {
    const length = Math.min(name.length, wanted.length);
    if (name.compare(wanted, 0, length, 0, length) !== 0) continue;
    if (length === wanted.length) return 'match';
    answer = 'more';
  }
  return answer;
}
