import { appendFile, glob, readFile, rm, stat, truncate } from 'node:fs/promises';
import { batchBytes } from '../../../src/formats/records/batch.ts';

/** What a crash may leave behind the last batch, or of files that can be made anew: none of it costs
 * a record that was committed. */
const DAMAGES = ['zeros', 'garbage', 'torn batch', 'short index', 'no index', 'no marks'] as const;

/** Damages each partition of a folder that no process has open. Answers what was done, in words. */
export async function damageFolder(folder: string, random: () => number): Promise<string> {
  const done: string[] = [];
  for await (const partition of glob(`${folder}/**/streams/*/*`)) {
    const what = DAMAGES[Math.floor(random() * DAMAGES.length)]!;
    if (await damage(partition, what, random)) done.push(what);
  }
  return done.join(', ');
}

async function damage(
  partition: string,
  what: (typeof DAMAGES)[number],
  random: () => number,
): Promise<boolean> {
  if (what === 'short index' || what === 'no index') {
    const [index] = await filesOf(partition, 'index');
    if (index === undefined) return false;
    if (what === 'no index') await rm(index);
    else await truncate(index, Math.floor(random() * (await stat(index)).size));
    return true;
  }
  if (what === 'no marks') {
    const marks = await filesOf(partition, 'producers');
    if (marks.length === 0) return false;
    // The last one at least; with it any others.
    for (const file of marks.slice(Math.floor(random() * marks.length))) await rm(file);
    return true;
  }
  const log = (await filesOf(partition, 'log')).at(-1);
  if (log === undefined) return false;
  await appendFile(log, await tailOf(log, what, random));
  return true;
}

async function tailOf(
  log: string,
  what: (typeof DAMAGES)[number],
  random: () => number,
): Promise<Buffer> {
  const length = 1 + Math.floor(random() * 5000);
  if (what === 'zeros') return Buffer.alloc(length);
  const garbage = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  const bytes = await readFile(log);
  if (what === 'garbage' || bytes.length === 0 || batchBytes(bytes, 0) > bytes.length) {
    return garbage;
  }
  // The beginning of a batch whose rest never reached the disk.
  const batch = bytes.subarray(0, batchBytes(bytes, 0));
  return batch.subarray(0, 1 + Math.floor(random() * (batch.length - 1)));
}

async function filesOf(partition: string, ending: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob(`${partition}/*.${ending}`)) found.push(path);
  return found.toSorted();
}
