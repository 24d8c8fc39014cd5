/**
 * Makes test/fixtures/kafka-wire again: every client that is there runs its scenarios against Apache
 * Kafka through a recording proxy. `node test/kafka-clients/capture.ts [CLIENT...]`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startApacheKafka } from './apache-kafka.ts';
import { USERS } from './broker.ts';
import { CLIENTS } from './clients.ts';
import { Missing } from './installed.ts';
import { type Exchange, Recorder } from './recorder.ts';

/** The longest exchange that is kept, in bytes of both frames. */
const LONGEST = 1_500;
const FIXTURES = join(import.meta.dirname, '../fixtures/kafka-wire');

const chosen = process.argv.slice(2);
const advertised = { port: await freePort(), saslPort: await freePort() };
const broker = await startApacheKafka({ advertised, users: USERS });
const recorder = new Recorder();
const proxies = [
  recorder.listen(advertised.port, broker.port),
  recorder.listen(advertised.saslPort, broker.saslPort),
];
try {
  for (const { name, library, command } of CLIENTS) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    recorder.client = library;
    await record(name, command);
  }
} finally {
  for (const proxy of proxies) proxy.close();
  await broker.stop();
}
const kept = selection(recorder.exchanges);
write(kept);
console.log(`${recorder.exchanges.length} exchanges, ${kept.length} kept`);
process.exit(0);

async function record(name: string, command: () => readonly string[]): Promise<void> {
  try {
    const [program = '', ...first] = command();
    const addresses = [advertised.port, advertised.saslPort].map((port) => `127.0.0.1:${port}`);
    const child = spawn(program, [...first, ...addresses, name], { stdio: 'ignore' });
    await once(child, 'close');
    console.log(`${name} ran`);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`${name} left out: ${error.message}`);
  }
}

/** Of each client, API and version the shortest exchange and the longest that is short enough. */
function selection(exchanges: readonly Exchange[]): Exchange[] {
  const groups = Map.groupBy(
    exchanges.filter((each) => size(each) <= LONGEST),
    ({ client, apiKey, apiVersion }) => `${apiKey}.${apiVersion}.${client}`,
  );
  return [...groups.values()]
    .flatMap((group) => {
      const sorted = group.toSorted((a, b) => size(a) - size(b));
      return sorted.length === 1 ? sorted : [sorted[0]!, sorted.at(-1)!];
    })
    .toSorted(
      (a, b) =>
        a.apiKey - b.apiKey || a.apiVersion - b.apiVersion || a.client.localeCompare(b.client),
    );
}

function size({ request, response }: Exchange): number {
  return request.length + response.length;
}

/** One JSON line for each exchange. */
function write(exchanges: readonly Exchange[]): void {
  const lines = exchanges.map(({ client, apiKey, apiVersion, request, response }) =>
    JSON.stringify({
      apiKey,
      apiVersion,
      client,
      request: request.toString('hex'),
      response: response.toString('hex'),
    }),
  );
  writeFileSync(join(FIXTURES, 'exchanges.jsonl'), `${lines.join('\n')}\n`);
}
