/**
 * `npm run bench [name...] [--rounds 5] [--seconds 4] [--json]`: comparisons with peers, Apache
 * Kafka among them, then the cold start. Results are kept in bench/results/.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureColdStart } from './cold-start.ts';
import { COMPARISONS } from './comparisons.ts';
import { compare, type Result } from './harness.ts';
import { compareKafka, kafkaMissing } from './kafka/compare.ts';
import { MEASURES } from './kafka/measures.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
});

const chosen = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
const say = (text: string): void => {
  if (!values.json) console.log(text);
};

const results: Result[] = [];
for (const comparison of COMPARISONS.filter(({ name }) => chosen(name))) {
  say(`${comparison.title} ...`);
  const reason = comparison.unavailable?.();
  if (reason !== undefined) {
    say(`  skipped: ${reason}`);
    continue;
  }
  const result = await compare(comparison, {
    rounds: Number(values.rounds),
    warmUpMs: 1_500,
    durationMs: Number(values.seconds) * 1_000,
  });
  results.push(result);
  tell(result);
}

if (MEASURES.some(({ name }) => chosen(name))) {
  const reason = kafkaMissing();
  if (reason !== undefined) say(`Apache Kafka: skipped: ${reason}`);
  else {
    say('Beside Apache Kafka ...');
    const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
    for (const result of await compareKafka(chosen, options)) {
      results.push(result);
      say(result.title);
      tell(result);
    }
  }
}

const coldStart = chosen('cold-start') ? await measureColdStart(Number(values.rounds)) : undefined;
if (coldStart !== undefined) {
  say(
    `Cold start of \`polywire up examples/parcels\`: first answer after ${coldStart.firstAnswerMs.toFixed(0)} ms ` +
      `(median of ${coldStart.rounds}, at most 700), idle memory ${coldStart.idleMegabytes.toFixed(0)} MB (at most 90).`,
  );
}

const report = {
  node: process.version,
  processor: cpus()[0]?.model,
  cores: cpus().length,
  results,
  coldStart,
};
mkdirSync(new URL('./results/', import.meta.url), { recursive: true });
writeFileSync(
  new URL('./results/latest.json', import.meta.url),
  `${JSON.stringify(report, undefined, 2)}\n`,
);
if (values.json) console.log(JSON.stringify(report));

const missed = results.some(({ ratio, target }) => ratio < target);
if (values.strict && missed) process.exitCode = 1;

function tell({ ours, peer, unit, ratio, target }: Result): void {
  const reached = ratio >= target ? 'reached' : 'MISSED';
  say(
    `  ${ours.name} ${format(ours.median)} ${unit}, ${peer.name} ${format(peer.median)}: ` +
      `${ratio.toFixed(2)}x (at least ${target}x: ${reached})`,
  );
}

function format(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
}
