/**
 * MQTT load from a process of its own: publishers send batches that were encoded before, subscribers
 * count what they get and, at QoS 1, acknowledge it. A limited number of messages is under way.
 */
import { once } from 'node:events';
import net from 'node:net';
import { parseArgs } from 'node:util';

export interface MqttLoad {
  readonly port: number;
  readonly durationMs: number;
  readonly publishers: number;
  readonly subscribers: number;
  readonly qos: 0 | 1;
  /** Messages of one publisher under way. */
  readonly inFlight: number;
  readonly payloadBytes: number;
}

const TOPIC = Buffer.from('bench/topic');
const load = JSON.parse(parseArgs({ allowPositionals: true }).positionals[0]!) as MqttLoad;
const { port, durationMs, publishers, subscribers, qos, inFlight, payloadBytes } = load;
const packetBytes = 2 + 2 + TOPIC.length + (qos > 0 ? 2 : 0) + payloadBytes;
const idAt = 4 + TOPIC.length;
let delivered = 0;
let stopped = false;

function packet(first: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([first, content.length]), content]);
}

function text(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([value.length >> 8, value.length & 0xff]), value]);
}

async function connect(name: string): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0]);
  socket.write(packet(0x10, head, text(Buffer.from(name))));
  const [connack] = (await once(socket, 'data')) as [Buffer];
  if (connack[0] !== 0x20 || connack[3] !== 0)
    throw new Error(`no CONNACK: ${connack.toString('hex')}`);
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('the broker closed a connection'));
  return socket;
}

function fail(reason: string): void {
  if (stopped) return;
  console.error(reason);
  process.exit(1);
}

/** Calls `found` with each whole piece of a size; all packets of a stream have the same. */
function pieces(
  socket: net.Socket,
  size: number,
  found: (bytes: Buffer, count: number) => void,
): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const count = Math.trunc(all.length / size);
    rest = Buffer.from(all.subarray(count * size));
    if (count > 0) found(all, count);
  });
}

async function subscribe(index: number): Promise<void> {
  const socket = await connect(`subscriber-${index}`);
  socket.write(packet(0x82, Buffer.from([0, 1]), text(TOPIC), Buffer.from([qos])));
  await once(socket, 'data');
  pieces(socket, packetBytes, (bytes, count) => {
    if (bytes[0]! >> 4 !== 3) fail(`not a PUBLISH: ${bytes[0]}`);
    delivered += count;
    if (qos === 1) socket.write(acknowledgements(bytes, count));
    else for (const publisher of running) publisher();
  });
}

function acknowledgements(bytes: Buffer, count: number): Buffer {
  const acks = Buffer.allocUnsafe(4 * count);
  for (let index = 0; index < count; index++) {
    const from = index * packetBytes + idAt;
    acks[4 * index] = 0x40;
    acks[4 * index + 1] = 2;
    acks[4 * index + 2] = bytes[from]!;
    acks[4 * index + 3] = bytes[from + 1]!;
  }
  return acks;
}

const running: (() => void)[] = [];
let published = 0;

async function publish(index: number): Promise<void> {
  const socket = await connect(`publisher-${index}`);
  const payload = Buffer.alloc(payloadBytes, 'x');
  const batch = Math.max(1, inFlight >> 1);
  if (qos === 0) {
    const bytes = Buffer.concat(Array(batch).fill(packet(0x30, text(TOPIC), payload)));
    const go = (): void => {
      const waiting = published * subscribers - delivered;
      if (stopped || socket.writableLength > 0 || waiting > inFlight * publishers * subscribers)
        return;
      published += batch;
      socket.write(bytes);
    };
    socket.on('drain', go);
    running.push(go);
    return;
  }
  // Identifiers in turns: a batch is sent again when all of its messages are acknowledged.
  const batches = Array.from({ length: inFlight / batch }, (_, turn) =>
    Buffer.concat(
      Array.from({ length: batch }, (__, at) => {
        const id = turn * batch + at + 1;
        return packet(0x32, text(TOPIC), Buffer.from([id >> 8, id & 0xff]), payload);
      }),
    ),
  );
  let acknowledged = 0;
  let turn = 0;
  pieces(socket, 4, (bytes, count) => {
    if (bytes[0] !== 0x40) fail(`not a PUBACK: ${bytes[0]}`);
    acknowledged += count;
    while (acknowledged >= batch && !stopped) {
      acknowledged -= batch;
      socket.write(batches[turn++ % batches.length]!);
    }
  });
  running.push(() => {
    for (const bytes of batches) socket.write(bytes);
  });
}

for (let index = 0; index < subscribers; index++) await subscribe(index);
for (let index = 0; index < publishers; index++) await publish(index);
const startedMs = performance.now();
for (const go of running) go();
setTimeout(() => {
  stopped = true;
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(JSON.stringify({ perSecond: delivered / seconds }));
  process.exit(0);
}, durationMs);
