import { join } from 'node:path';
import { type Files, replaceFile } from './files.ts';

/** `start`: the first offset that is kept, where records were given up within a segment. */
const NAME = 'start';

export async function writeStart(files: Files, folder: string, offset: number): Promise<void> {
  await replaceFile(files, join(folder, NAME), Buffer.from(`${offset}\n`));
}

export async function readStart(files: Files, folder: string): Promise<number> {
  const bytes = await files.readWhole(join(folder, NAME));
  const offset = Number(bytes?.toString() ?? 0);
  return Number.isSafeInteger(offset) && offset >= 0 ? offset : 0;
}
