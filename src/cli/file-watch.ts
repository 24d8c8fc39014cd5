import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls back when one of the files changed. Watches folders, not files: editors replace a file by
 * renaming another onto it. A touch that changes neither size nor time is no change.
 */
export class FileWatch {
  readonly #settleMs: number;
  readonly #changed: () => void;
  readonly #signatures = new Map<string, string>();
  readonly #folders = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  /** @param settleMs how long to wait for the rest of a change, such as saving all files */
  constructor(settleMs: number, changed: () => void) {
    this.#settleMs = settleMs;
    this.#changed = changed;
  }

  get size(): number {
    return this.#signatures.size;
  }

  add(files: readonly string[]): void {
    for (const file of files) {
      if (this.#signatures.has(file)) continue;
      this.#signatures.set(file, signature(file));
      const folder = dirname(file);
      if (this.#folders.has(folder)) continue;
      try {
        const watcher = watch(folder, (_event, name) => this.#touched(folder, name));
        watcher.on('error', () => watcher.close());
        this.#folders.set(folder, watcher);
      } catch {
        // The folder is gone, or the limit of watches is met: other folders still tell.
      }
    }
  }

  /** Looks whether something has changed already. */
  check(): void {
    this.#timer ??= setTimeout(() => this.#settle(), this.#settleMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #touched(folder: string, name: string | null): void {
    const known = [...this.#signatures.keys()].some(
      (file) => dirname(file) === folder && (name === null || basename(file) === name),
    );
    if (!known) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), this.#settleMs);
  }

  #settle(): void {
    this.#timer = undefined;
    let changed = false;
    for (const [file, before] of this.#signatures) {
      const now = signature(file);
      if (now === before) continue;
      this.#signatures.set(file, now);
      changed = true;
    }
    if (changed) this.#changed();
  }
}

function signature(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    // Gone for now; coming back is a change.
    return 'absent';
  }
}
