/**
 * HTTP load from a process of its own: keep-alive connections with one request in flight on each.
 * It looks at each status and counts responses by Content-Length, and does nothing else, so that
 * the server is what is measured.
 *
 *     node bench/load/http.ts '{"port":7070,"connections":64,"durationMs":3000,"request":"GET / ..."}'
 */
import { createConnection } from 'node:net';

interface Parameters {
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
  /** One whole request, as it goes over the wire. */
  readonly request: string;
  readonly status?: number;
}

const parameters = JSON.parse(process.argv[2] ?? '{}') as Parameters;
const request = Buffer.from(parameters.request);
const wanted = Buffer.from(`HTTP/1.1 ${parameters.status ?? 200}`);
const HEAD_END = Buffer.from('\r\n\r\n');
let responses = 0;
let stopped = false;

function responseLength(bytes: Buffer): number {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return -1;
  if (bytes.compare(wanted, 0, wanted.length, 0, wanted.length) !== 0) {
    fail(`unexpected answer: ${bytes.toString('latin1', 0, 400)}`);
  }
  const length = /content-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end));
  if (length === null) fail('the answer has no Content-Length');
  return end + 4 + Number(length![1]);
}

function fail(reason: string): void {
  console.error(reason);
  process.exit(1);
}

function connect(): void {
  const socket = createConnection({ port: parameters.port, host: '127.0.0.1', noDelay: true });
  let pending: Buffer = Buffer.alloc(0);
  socket.on('connect', () => socket.write(request));
  socket.on('error', (error) => {
    if (!stopped) fail(`connection failed: ${error.message}`);
  });
  socket.on('close', () => {
    if (!stopped) fail('the server closed a connection');
  });
  socket.on('data', (chunk) => {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const length = responseLength(bytes);
    if (length < 0 || bytes.length < length) {
      pending = bytes;
      return;
    }
    if (bytes.length > length) fail('more bytes than one answer came back');
    pending = Buffer.alloc(0);
    responses++;
    if (!stopped) socket.write(request);
  });
}

for (let index = 0; index < parameters.connections; index++) connect();
const startedMs = performance.now();
setTimeout(() => {
  stopped = true;
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(JSON.stringify({ perSecond: responses / seconds }));
  process.exit(0);
}, parameters.durationMs);
