/**
 * HTTP/1.1 load from a process of its own, on raw sockets, one request in flight per connection:
 *
 *   node bench/load/http.ts '{"port":7070,"path":"/now","connections":64,"durationMs":3000}'
 *
 * Prints one line of JSON: requests per second and latency. Responses carry Content-Length or are
 * chunked.
 */
import net from 'node:net';

interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

const options: LoadOptions = {
  host: '127.0.0.1',
  port: 7070,
  method: 'GET',
  path: '/',
  headers: {},
  body: '',
  connections: 64,
  warmupMs: 1_000,
  durationMs: 3_000,
  ...(JSON.parse(process.argv[2] ?? '{}') as Partial<LoadOptions>),
};

function requestBytes(): Buffer {
  const lines = [
    `${options.method} ${options.path} HTTP/1.1`,
    `host: ${options.host}:${options.port}`,
  ];
  for (const [name, value] of Object.entries(options.headers)) lines.push(`${name}: ${value}`);
  if (options.body !== '') lines.push(`content-length: ${Buffer.byteLength(options.body)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${options.body}`);
}

const request = requestBytes();
const shared = Buffer.allocUnsafeSlow(65_536);
let counting = false;
let stopped = false;
let answered = 0;
let failed = 0;
let exampleStatus = 0;
/** Latencies in steps of 10 microseconds. */
const histogram = new Uint32Array(200_000);

const LAST_CHUNK = '\r\n0\r\n\r\n';

/** Bytes of the response at the start of `bytes`, or 0 when that cannot be told yet: the head, or
 * a chunked body, is not complete. */
function responseLength(bytes: Buffer): number {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase();
  exampleStatus = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *([0-9]+)/.exec(head);
  if (length !== null) return headEnd + 4 + Number(length[1]);
  if (!head.includes('\r\ntransfer-encoding: chunked')) {
    throw new Error(`a response without Content-Length: ${head}`);
  }
  const end = bytes.indexOf(LAST_CHUNK, headEnd);
  return end < 0 ? 0 : end + LAST_CHUNK.length;
}

function connect(): void {
  let awaited = 0;
  let received = 0;
  let startedMs = 0;
  let pending: Buffer | undefined;
  const send = () => {
    awaited = 0;
    received = 0;
    startedMs = performance.now();
    socket.write(request);
  };
  const socket = net.connect({
    host: options.host,
    port: options.port,
    noDelay: true,
    onread: {
      buffer: shared,
      callback(byteCount) {
        received += byteCount;
        if (awaited === 0) {
          const bytes = shared.subarray(0, byteCount);
          const all = pending === undefined ? bytes : Buffer.concat([pending, bytes]);
          awaited = responseLength(all);
          pending = awaited === 0 ? Buffer.from(all) : undefined;
        }
        if (awaited === 0 || received < awaited) return true;
        if (exampleStatus >= 400) failed++;
        if (counting) {
          answered++;
          const step = Math.round((performance.now() - startedMs) * 100);
          histogram[Math.min(step, histogram.length - 1)]!++;
        }
        if (stopped) socket.destroy();
        else send();
        return true;
      },
    },
  });
  socket.on('connect', send);
  socket.on('error', () => failed++);
  socket.on('close', () => {
    if (!stopped) {
      failed++;
      setTimeout(connect, 50);
    }
  });
}

function percentileMs(share: number): number {
  let left = answered * share;
  for (let step = 0; step < histogram.length; step++) {
    left -= histogram[step]!;
    if (left <= 0) return step / 100;
  }
  return histogram.length / 100;
}

for (let index = 0; index < options.connections; index++) connect();
setTimeout(() => {
  counting = true;
  const fromMs = performance.now();
  setTimeout(() => {
    counting = false;
    stopped = true;
    const seconds = (performance.now() - fromMs) / 1000;
    console.log(
      JSON.stringify({
        perSecond: Math.round(answered / seconds),
        requests: answered,
        failed,
        status: exampleStatus,
        p50Ms: percentileMs(0.5),
        p99Ms: percentileMs(0.99),
      }),
    );
    process.exit(failed > 0 ? 1 : 0);
  }, options.durationMs);
}, options.warmupMs);
