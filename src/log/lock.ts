import { link, open, readdir, readFile, readlink, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../model/fault.ts';

/** Who holds the folder. */
interface Holder {
  readonly pid: number;
  /** Of this start of the machine; '' where the system has none. */
  readonly boot: string;
  /** When the process began, in the system's own count; tells a number used again. */
  readonly started: string;
  /** Where process numbers mean the same: host and namespace. */
  readonly place: string;
}

const BEAT_MS = 5000;
/** A holder on another host or in another container is alive while it was heard of within this. */
const SILENT_MS = 30_000;
const NAME = /^lock\.(\d+)$/;

/**
 * One process at a time in a data folder. The file `lock.<n>` with the highest number says who it
 * is. To take over from a dead process is to make the file with the next number, which the file
 * system lets only one do; nobody ever removes the lock of somebody who may live.
 */
export class FolderLock {
  readonly #path: string;
  readonly #beat: NodeJS.Timeout;

  private constructor(path: string) {
    this.#path = path;
    this.#beat = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, BEAT_MS).unref();
  }

  /** @throws Fault FAILED_PRECONDITION naming the process that has the folder */
  static async take(folder: string): Promise<FolderLock> {
    const me = JSON.stringify(await whoAmI());
    for (;;) {
      const held = await locks(folder);
      const highest = held.at(-1) ?? 0;
      if (highest > 0) await checkDead(folder, join(folder, `lock.${highest}`));
      const path = join(folder, `lock.${highest + 1}`);
      if (!(await createWhole(path, me))) continue;
      // A slow one may have made a number that had been given up meanwhile.
      if ((await locks(folder)).at(-1) !== highest + 1) {
        await rm(path, { force: true });
        continue;
      }
      for (const number of held) await rm(join(folder, `lock.${number}`), { force: true });
      return new FolderLock(path);
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
    await rm(this.#path, { force: true });
  }
}

/** Throws what `FolderLock.take` would throw, and takes nothing.
 * @throws Fault FAILED_PRECONDITION naming the process that has the folder */
export async function checkUnlocked(folder: string): Promise<void> {
  const highest = (await locks(folder)).at(-1);
  if (highest !== undefined) await checkDead(folder, join(folder, `lock.${highest}`));
}

/** Numbers, in their order. */
async function locks(folder: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(folder)) {
    const match = NAME.exec(name);
    if (match !== null) numbers.push(Number(match[1]));
  }
  return numbers.toSorted((one, other) => one - other);
}

/** Makes a file that has all its content from the first moment; false where it is there. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${process.pid}.${crypto.randomUUID()}`;
  const file = await open(temporary, 'wx', 0o640);
  try {
    await file.writeFile(text);
    await file.sync();
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}

async function checkDead(folder: string, path: string): Promise<void> {
  let holder: Holder;
  let heardMs: number;
  try {
    heardMs = (await stat(path)).mtimeMs;
    holder = JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    // Given up this moment, or damaged: the next number decides.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return;
    throw error;
  }
  const me = await whoAmI();
  if (holder.place === me.place) {
    if (holder.boot !== me.boot) return;
    if (!isRunning(holder.pid)) return;
    if ((await startOf(holder.pid)) !== holder.started) return;
    const whose = holder.pid === process.pid ? 'this process' : `process ${holder.pid}`;
    throw new Fault(
      'FAILED_PRECONDITION',
      `The data folder ${folder} is open in ${whose}. Stop it (kill ${holder.pid}), or choose another folder for this one.`,
    );
  }
  const silentMs = Date.now() - heardMs;
  if (silentMs > SILENT_MS) return;
  throw new Fault(
    'FAILED_PRECONDITION',
    `The data folder ${folder} is open in process ${holder.pid} of another host or container (${holder.place}), which was heard of ${Math.round(silentMs / 1000)} s ago. Stop it; if it is dead, try again in ${Math.round(SILENT_MS / 1000)} s.`,
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function whoAmI(): Promise<Holder> {
  const boot = await textOf(readFile('/proc/sys/kernel/random/boot_id', 'utf8'));
  const space = await textOf(readlink('/proc/self/ns/pid'));
  return {
    pid: process.pid,
    boot: boot.trim(),
    started: await startOf(process.pid),
    place: `${hostname()} ${space}`.trim(),
  };
}

/** Field 22 of /proc/<pid>/stat: start after boot, in clock ticks. '' where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  const text = await textOf(readFile(`/proc/${pid}/stat`, 'utf8'));
  // The second field, a name in parentheses, may hold anything.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function textOf(reading: Promise<string>): Promise<string> {
  try {
    return await reading;
  } catch {
    return '';
  }
}
