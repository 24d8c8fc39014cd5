/**
 * Runs scenarios with one or more clients against Apache Kafka and Polywire and compares the
 * outcomes: `node test/kafka-clients/compare.ts CLIENT... [--only apache|polywire] [--scenario NAME]`.
 * Exits 1 at a difference that differences.ts does not explain.
 */
import { parseArgs } from 'node:util';
import { startApacheKafka } from './apache-kafka.ts';
import { type Broker, USERS } from './broker.ts';
import { CLIENTS, type ScenarioClient } from './clients.ts';
import { findDifferences, type Outcomes } from './differences.ts';
import { Missing } from './installed.ts';
import { startPolywire } from './polywire.ts';
import { runClient } from './run-client.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    scenario: { type: 'string', multiple: true, default: [] },
    show: { type: 'boolean', default: false },
  },
});

const clients = CLIENTS.filter(({ name }) => positionals.includes(name)).flatMap(available);
const unknown = positionals.filter((name) => CLIENTS.every((client) => client.name !== name));
if (unknown.length > 0 || positionals.length === 0) {
  console.error(`Name clients among ${CLIENTS.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

function available(client: ScenarioClient): { name: string; command: readonly string[] }[] {
  try {
    return [{ name: client.name, command: client.command() }];
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`${client.name}: left out, because ${error.message}`);
    return [];
  }
}

async function outcomesWith(start: () => Promise<Broker>): Promise<Map<string, Outcomes>> {
  const outcomes = new Map<string, Outcomes>();
  const broker = await start();
  try {
    for (const { name, command } of clients) {
      const startedMs = performance.now();
      outcomes.set(name, await runClient(command, broker, name, values.scenario));
      const seconds = (performance.now() - startedMs) / 1_000;
      console.log(`${name} against ${broker.name}: ${seconds.toFixed(1)} s`);
    }
  } finally {
    await broker.stop();
  }
  return outcomes;
}

async function brokers(): Promise<Map<string, Outcomes>[]> {
  const starts = { apache: startApacheKafka, polywire: startPolywire };
  const ran: Map<string, Outcomes>[] = [];
  for (const [name, start] of Object.entries(starts)) {
    if (values.only === undefined || values.only === name) {
      ran.push(await outcomesWith(() => start({ users: USERS })));
    }
  }
  return ran;
}

let passed = 0;
let failed = 0;
try {
  const [expected, actual] = clients.length === 0 ? [] : await brokers();
  for (const { name } of clients) report(name, expected?.get(name), actual?.get(name));
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.log(`left out, because ${error.message}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function report(client: string, expected: Outcomes = new Map(), actual?: Outcomes): void {
  if (values.show || actual === undefined) {
    for (const [scenario, outcome] of expected) {
      console.log(`${client} ${scenario}: ${JSON.stringify(outcome)}`);
    }
  }
  if (actual === undefined) return;
  for (const scenario of new Set([...expected.keys(), ...actual.keys()])) {
    const found = findDifferences(client, scenario, expected.get(scenario), actual.get(scenario));
    for (const line of found.explained) console.log(`  as expected: ${line}`);
    for (const line of found.unexplained) console.log(`  DIFFERENT: ${line}`);
    if (found.unexplained.length === 0) passed++;
    else failed++;
  }
}
