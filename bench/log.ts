/**
 * `node bench/log.ts [--rounds 3] [--seconds 2] [--json] [--strict]`: the embedded engine's appends
 * against what the disk itself can do, in one run: a small C program writes blocks of the same size
 * with the same fdatasync after each. Rounds alternate.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from './harness.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
});

interface Appended {
  readonly batchesPerSecond: number;
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly batchBytes: number;
  readonly bytesPerCommit: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Case {
  readonly title: string;
  readonly sync: 'always' | 'interval';
  readonly producers: number;
  /** Batches that each has under way. */
  readonly inFlight: number;
  /** In a batch, of 100 bytes each. */
  readonly records: number;
  readonly kind: 'batches' | 'records';
}

const CASES: readonly Case[] = [
  one('1 producer, 1 record', 'always', 1, 1, 1, 'batches'),
  one('1 producer, 100 records', 'always', 1, 1, 100, 'batches'),
  one('64 producers, 1 record, packed by the log', 'always', 64, 1, 1, 'records'),
  one('64 producers, 100 records', 'always', 64, 1, 100, 'batches'),
  one('64 producers, 100 records, packed by the log', 'always', 64, 1, 100, 'records'),
  one('64 producers, 5 x 100 records under way', 'always', 64, 5, 100, 'batches'),
  one('64 producers, 100 records', 'interval', 64, 1, 100, 'batches'),
];

function one(
  title: string,
  sync: Case['sync'],
  producers: number,
  inFlight: number,
  records: number,
  kind: Case['kind'],
): Case {
  return { title, sync, producers, inFlight, records, kind };
}

const LEAST = 0.7;
const folder = mkdtempSync(join(tmpdir(), 'polywire-bench-log-'));
try {
  const limit = compileLimit();
  const results = CASES.map((each) => measure(each, limit));
  if (values.json) console.log(JSON.stringify(results));
  mkdirSync(new URL('./results/', import.meta.url), { recursive: true });
  const path = new URL('./results/log.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify({ node: process.version, results }, undefined, 2)}\n`);
  if (values.strict && results.some(({ ratio }) => ratio !== undefined && ratio < LEAST)) {
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function measure(which: Case, limit: string | undefined) {
  const appended: Appended[] = [];
  const disk: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const ours = append(which);
    appended.push(ours);
    if (limit === undefined) continue;
    // Blocks as large as the commits were.
    const bytes = Math.round(ours.bytesPerCommit);
    const sync = which.sync === 'always' ? '1' : '0';
    const path = join(folder, 'limit');
    const done = execFileSync(limit, [path, String(bytes), values.seconds, sync]).toString();
    disk.push(Number(done) * bytes);
  }
  const by = (pick: (one: Appended) => number): number => median(appended.map(pick));
  const result = {
    title: which.title,
    sync: which.sync,
    recordsPerSecond: by((round) => round.recordsPerSecond),
    megabytesPerSecond: by((round) => round.bytesPerSecond) / 1e6,
    p50Ms: by((round) => round.p50Ms),
    p99Ms: by((round) => round.p99Ms),
    bytesPerCommit: by((round) => round.bytesPerCommit),
    diskMegabytesPerSecond: disk.length === 0 ? undefined : median(disk) / 1e6,
    ratio: disk.length === 0 ? undefined : by((round) => round.bytesPerSecond) / median(disk),
  };
  if (!values.json) say(result);
  return result;
}

function say(result: ReturnType<typeof measure>): void {
  const disk =
    result.ratio === undefined
      ? ''
      : `; disk ${result.diskMegabytesPerSecond!.toFixed(1)} MB/s: ${result.ratio.toFixed(2)}x`;
  console.log(
    `${result.title} (${result.sync}): ${Math.round(result.recordsPerSecond).toLocaleString('en')} records/s, ` +
      `${result.megabytesPerSecond.toFixed(1)} MB/s, p50 ${result.p50Ms.toFixed(2)} ms, ` +
      `p99 ${result.p99Ms.toFixed(2)} ms, ${Math.round(result.bytesPerCommit)} bytes a commit${disk}`,
  );
}

function append({ sync, producers, inFlight, records, kind }: Case): Appended {
  const script = new URL('./log/append.ts', import.meta.url).pathname;
  const data = join(folder, 'data');
  const words = [data, sync, producers, inFlight, records, 100, values.seconds, kind].map(String);
  try {
    return JSON.parse(execFileSync(process.execPath, [script, ...words]).toString()) as Appended;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** The program that measures the disk; undefined where there is no C compiler. */
function compileLimit(): string | undefined {
  const source = new URL('./log/disk-limit.c', import.meta.url).pathname;
  const program = join(folder, 'disk-limit');
  try {
    execFileSync('cc', ['-O2', '-o', program, source], { stdio: 'pipe' });
    return program;
  } catch {
    console.error('The disk is not measured: no C compiler (cc) that works is there.');
    return undefined;
  }
}
