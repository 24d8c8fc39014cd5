import { PacketReader } from './frames.ts';
import type { Version } from './wire/packet-types.ts';
import type { PacketSink } from './wire/packets.ts';

/** What a reader found, as plain values. */
export type Found = readonly [name: string, ...values: unknown[]];

/** A sink that writes everything down. */
export class Recorder implements PacketSink {
  readonly found: Found[] = [];
  holding = false;

  connect = (packet: unknown) => void this.found.push(['connect', packet]);
  subscribe = (packet: unknown) => void this.found.push(['subscribe', packet]);
  unsubscribe = (packet: unknown) => void this.found.push(['unsubscribe', packet]);
  ping = () => void this.found.push(['ping']);
  disconnect = (packet: unknown) => void this.found.push(['disconnect', packet]);
  authenticate = (packet: unknown) => void this.found.push(['auth', packet]);
  acknowledged = (type: number, id: number, reason: number) =>
    void this.found.push(['ack', type, id, reason]);

  publish: PacketSink['publish'] = (packet) => {
    const { bytes, topicStart, topicEnd, payloadStart, payloadEnd } = packet;
    const { qos, retain, duplicate, packetId, properties } = packet;
    const topic = bytes.toString('utf8', topicStart, topicEnd);
    const payload = bytes.toString('latin1', payloadStart, payloadEnd);
    this.found.push([
      'publish',
      { topic, payload, qos, retain, duplicate, packetId, properties: { ...properties } },
    ]);
  };
}

/** Reads bytes in pieces; as after a CONNECT where a version is given. */
export function readAll(
  pieces: Iterable<Buffer>,
  version: Version | undefined,
  maxBytes = 1_048_576,
): readonly Found[] {
  const reader = new PacketReader(maxBytes);
  reader.version = version;
  const recorder = new Recorder();
  for (const piece of pieces) {
    // What was read may be overwritten by the next read.
    const shared = Buffer.from(piece);
    reader.push(shared, recorder);
    shared.fill(0xff);
  }
  return recorder.found;
}
