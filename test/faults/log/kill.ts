import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLog } from '../../../src/log/open-log.ts';
import { checkLog } from './check.ts';
import type { Progress } from './plan.ts';

/** What a round found. */
export interface Round {
  readonly round: number;
  readonly checked: string;
  /** How long opening took after the kill. */
  readonly recoveryMs: number;
  readonly notes: readonly string[];
}

/**
 * Kills a writing process with SIGKILL again and again, at moments that follow from the seed, and
 * checks after each time what it left.
 */
export async function killLoop(
  rounds: number,
  seed: number,
  say: (round: Round) => void = () => undefined,
): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'polywire-kill-'));
  const folder = join(parent, 'data');
  const progress: Progress = {
    plain: {},
    producers: {},
    transactions: { sent: 0 },
    ended: [],
    table: { acknowledged: 0, sent: 0 },
    compacted: { acknowledged: 0, sent: 0 },
  };
  const random = generator(seed);
  try {
    for (let round = 1; round <= rounds; round++) {
      await runAndKill(folder, join(parent, 'progress.json'), progress, random() * 300);
      const start = performance.now();
      const engine = await openLog({ folder });
      const recoveryMs = performance.now() - start;
      try {
        const checked = await checkLog(engine, progress);
        say({ round, checked, recoveryMs, notes: engine.recovery.map(({ text }) => text) });
      } finally {
        await engine.close();
      }
    }
  } catch (error) {
    throw new Error(`seed ${seed}; the data is kept in ${parent}`, { cause: error });
  }
  await rm(parent, { recursive: true, force: true });
}

async function runAndKill(
  folder: string,
  progressFile: string,
  progress: Progress,
  afterMs: number,
): Promise<void> {
  writeFileSync(progressFile, JSON.stringify(progress));
  const writer = new URL('./writer.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [writer, folder, progressFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout });
  const ready = Promise.withResolvers<void>();
  lines.on('line', (line) => {
    const [what, ...words] = line.split(' ');
    if (what === 'ready') ready.resolve();
    else note(progress, what!, words);
  });
  child.on('exit', () => ready.reject(new Error('the writer ended by itself')));
  await ready.promise;
  // When exactly is part of the test: any moment will do.
  await sleep(afterMs);
  child.kill('SIGKILL');
  await closed;
}

function note(progress: Progress, what: string, words: readonly string[]): void {
  const numbers = words.map(Number);
  const key = `${words[0]} ${words[1]}`;
  const plain = (): Progress['plain'][string] =>
    (progress.plain[key] ??= { acknowledged: [], sent: 0 });
  if (what === 'plain-sent') plain().sent = numbers[2]! + 1;
  else if (what === 'plain') plain().acknowledged.push([numbers[2]!, numbers[3]!]);
  else if (what === 'producer') progress.producers[key] = { acknowledged: numbers[2]! + 1 };
  else if (what === 'transaction-sent') progress.transactions.sent = numbers[0]! + 1;
  else if (what === 'transaction') progress.ended.push(numbers[0]!);
  else if (what === 'table-sent') progress.table.sent = numbers[0]! + 1;
  else if (what === 'table') progress.table.acknowledged = numbers[0]! + 1;
  else if (what === 'compacted-sent') progress.compacted.sent = numbers[0]! + 1;
  else if (what === 'compacted') progress.compacted.acknowledged = numbers[0]! + 1;
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
