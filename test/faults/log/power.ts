import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncMode } from '../../../src/hub/engine.ts';
import { openLog } from '../../../src/log/open-log.ts';
import { randomOf } from '../random.ts';
import { checkLog } from './check.ts';
import { ForgetfulFiles } from './forgetful-files.ts';
import type { Round } from './kill.ts';
import { noProgress, note } from './plan.ts';
import { Work } from './work.ts';

/** Only here is an answer a promise for the disk itself. */
const SYNCED: readonly SyncMode[] = ['always'];

/**
 * Cuts the power of a writing log again and again: everything that was not synced is lost, zeroed,
 * wrong or there, as the seed has it. What was answered has to be there all the same.
 */
export async function powerLoop(
  rounds: number,
  seed: number,
  say: (round: Round) => void = () => undefined,
): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'polywire-power-'));
  const folder = join(parent, 'data');
  const after = join(parent, 'after');
  const random = randomOf(seed);
  const progress = noProgress();
  try {
    for (let round = 1; round <= rounds; round++) {
      const files = new ForgetfulFiles(folder);
      const writing = await openLog({
        folder,
        files,
        maintenanceMs: 20,
        syncIntervalMs: 20,
        retryMs: 60_000,
      });
      let cut = false;
      const work = new Work(writing, structuredClone(progress), (what, ...words) => {
        if (!cut) note(progress, what, words.map(String));
      });
      const ended = work.start(SYNCED).catch((error: unknown) => {
        if (!cut) throw error;
      });
      // When exactly is part of the test: any moment will do.
      await sleep(20 + random() * 150);
      cut = true;
      files.cut(after, random);
      await ended;
      await writing.close().catch(() => undefined);
      await rm(folder, { recursive: true });
      await rename(after, folder);
      const start = performance.now();
      const engine = await openLog({ folder });
      const recoveryMs = performance.now() - start;
      try {
        const checked = await checkLog(engine, progress, SYNCED);
        const notes = engine.recovery.map(({ text }) => text);
        say({ round, checked, damaged: 'power cut', recoveryMs, notes });
      } finally {
        await engine.close();
      }
    }
  } catch (error) {
    throw new Error(`seed ${seed}; the data is kept in ${parent}`, { cause: error });
  }
  await rm(parent, { recursive: true, force: true });
}
