import { spawn } from 'node:child_process';
import { startHttp2Server } from '../test/interop/http2-kit.ts';

/**
 * Serves the shared port on loopback and runs h2spec against it, in strict mode. The one case that
 * fails on a shared port sends an invalid preface: here that is a bad HTTP/1.1 request, which is
 * answered with 400 before the connection is closed.
 */
const LEAST = 145;

const binary = process.argv[2];
if (binary === undefined) {
  console.error('usage: scripts/h2spec.sh');
  process.exit(2);
}

const { listener, port } = await startHttp2Server();
const child = spawn(
  binary,
  ['--strict', '--host', '127.0.0.1', '--port', String(port), '--timeout', '5'],
  { stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 },
);
let output = '';
child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
await new Promise((resolve) => child.once('close', resolve));
await listener.close();

const counts = /(\d+) tests, (\d+) passed/.exec(output);
const failures = output.indexOf('Failures:');
if (failures >= 0) console.log(output.slice(failures).trimEnd());
if (counts === null) {
  console.error(`h2spec: no result. Its output:\n${output}`);
  process.exitCode = 1;
} else {
  console.log(`h2spec: ${counts[2]} of ${counts[1]} passed; at least ${LEAST} must.`);
  if (Number(counts[2]) < LEAST) process.exitCode = 1;
}
