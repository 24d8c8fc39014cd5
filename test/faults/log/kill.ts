import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLog } from '../../../src/log/open-log.ts';
import { randomOf } from '../random.ts';
import { checkLog } from './check.ts';
import { damageFolder } from './damage.ts';
import { noProgress, note, type Progress } from './plan.ts';

/** What a round found. */
export interface Round {
  readonly round: number;
  readonly checked: string;
  /** What was done to its files after the kill. */
  readonly damaged: string;
  /** How long opening took after the kill. */
  readonly recoveryMs: number;
  readonly notes: readonly string[];
}

/**
 * Kills a writing process with SIGKILL again and again, at moments that follow from the seed, and
 * checks after each time what it left. After every other kill the files get what a crash of the
 * machine may do to them besides: torn, zeroed and wrong tails, indexes that are cut or missing.
 */
export async function killLoop(
  rounds: number,
  seed: number,
  say: (round: Round) => void = () => undefined,
): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'polywire-kill-'));
  const folder = join(parent, 'data');
  const progress = noProgress();
  const random = randomOf(seed);
  try {
    for (let round = 1; round <= rounds; round++) {
      await runAndKill(folder, join(parent, 'progress.json'), progress, random() * 300);
      const damaged = round % 2 === 0 ? await damageFolder(folder, random) : '';
      const start = performance.now();
      const engine = await openLog({ folder });
      const recoveryMs = performance.now() - start;
      try {
        const checked = await checkLog(engine, progress);
        say({
          round,
          checked,
          damaged,
          recoveryMs,
          notes: engine.recovery.map(({ text }) => text),
        });
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
