import { type FileHandle, open } from 'node:fs/promises';

/**
 * An append-only file of JSON lines. `append` resolves when its line is on the disk; lines that
 * arrive while the disk is busy share the next write and the next fsync.
 */
export class Journal<Entry> {
  readonly #file: FileHandle;
  #waiting: string[] = [];
  /** The write that runs, or the last one. Once it failed, everything that follows fails: after
   * a refused fsync nobody knows what the disk holds, and only a replay can tell. */
  #current: Promise<void> = Promise.resolve();
  /** The write that takes what is waiting, after the current one. */
  #next: Promise<void> | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /**
   * Opens the file, or makes it, and hands over what it holds, oldest first. A last line that a
   * crash cut short was never acknowledged: it is removed and reported.
   * @throws Error for a damaged line anywhere else, with its number; nothing is changed then.
   */
  static async open<Entry>(
    path: string,
    replay: (entry: Entry) => void,
    report: (problem: string) => void,
  ): Promise<Journal<Entry>> {
    const file = await open(path, 'a+', 0o600);
    try {
      const bytes = await file.readFile();
      let offset = 0;
      for (let number = 1; offset < bytes.length; number++) {
        const newline = bytes.indexOf('\n', offset);
        const entry = newline < 0 ? undefined : parseLine<Entry>(bytes, offset, newline);
        if (entry === undefined) {
          const isLast = newline < 0 || newline === bytes.length - 1;
          if (!isLast) throw new Error(`${path}: line ${number} is damaged; restore a backup`);
          await file.truncate(offset);
          await file.sync();
          report(`${path}: line ${number}, the last, was cut short by a crash; removed it`);
          break;
        }
        replay(entry);
        offset = newline + 1;
      }
      return new Journal(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws Error when the disk refused; from then on every append does, until a restart. */
  append(entry: Entry): Promise<void> {
    this.#waiting.push(`${JSON.stringify(entry)}\n`);
    this.#next ??= this.#current.then(() => this.#write());
    return this.#next;
  }

  async #write(): Promise<void> {
    const lines = this.#waiting.join('');
    this.#waiting = [];
    this.#current = this.#next!;
    this.#next = undefined;
    await this.#file.appendFile(lines);
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#current).catch(() => {
      // Whoever appended has been told.
    });
    await this.#file.close();
  }
}

function parseLine<Entry>(bytes: Buffer, start: number, end: number): Entry | undefined {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as Entry;
  } catch {
    return undefined;
  }
}
