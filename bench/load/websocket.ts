/**
 * WebSocket load from a process of its own: each connection sends one JSON-RPC call, waits for its
 * answer and sends the next.
 */
import { WebSocket } from 'ws';

interface Parameters {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly durationMs: number;
  readonly method: string;
  readonly params: unknown;
}

const parameters = JSON.parse(process.argv[2] ?? '{}') as Parameters;
const tail = `,"method":${JSON.stringify(parameters.method)},"params":${JSON.stringify(parameters.params)}}`;
let answers = 0;
let stopped = false;

function fail(reason: string): void {
  console.error(reason);
  process.exit(1);
}

for (let index = 0; index < parameters.connections; index++) {
  const socket = new WebSocket(`ws://127.0.0.1:${parameters.port}${parameters.path}`, {
    perMessageDeflate: false,
  });
  let id = 0;
  const send = (): void => socket.send(`{"jsonrpc":"2.0","id":${++id}${tail}`);
  socket.on('open', send);
  socket.on('error', (error) => fail(`connection failed: ${error.message}`));
  socket.on('message', (data) => {
    const answer = data.toString();
    if (!answer.includes('"result"')) fail(`unexpected answer: ${answer.slice(0, 400)}`);
    answers++;
    if (!stopped) send();
  });
}

const startedMs = performance.now();
setTimeout(() => {
  stopped = true;
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(JSON.stringify({ perSecond: answers / seconds }));
  process.exit(0);
}, parameters.durationMs);
