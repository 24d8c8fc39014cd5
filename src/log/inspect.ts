import { resolve } from 'node:path';
import { Catalogue } from './catalogue.ts';
import { NODE_FILES } from './files.ts';
import { checkUnlocked } from './lock.ts';

/** What can be said of a data folder without opening it. */
export interface FolderReport {
  /** Why it cannot be opened now: another process has it, or it is none of ours. */
  readonly refusal: Error | undefined;
  /** It is new: nothing is in it. */
  readonly fresh: boolean;
  readonly streams: number;
}

/** Looks at a data folder and changes nothing in it, whoever has it open. */
export async function inspectLog(folder: string): Promise<FolderReport> {
  const path = resolve(folder);
  const streams = (await NODE_FILES.list(`${path}/streams`)).length;
  try {
    const format = await Catalogue.check(NODE_FILES, path);
    if (format !== undefined) await checkUnlocked(path);
    return { refusal: undefined, fresh: format === undefined, streams };
  } catch (error) {
    return { refusal: error as Error, fresh: false, streams };
  }
}
