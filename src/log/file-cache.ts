import type { File, Files } from './files.ts';
import type { SparseIndex } from './sparse-index.ts';

/** An open file that several may use at a time. */
export interface CachedFile {
  readonly file: File;
  /** Has bytes that are not yet on disk: stays open. */
  dirty: boolean;
  /** Of a segment that is not written to any more, once it was needed. */
  index: SparseIndex | undefined;
}

interface Entry extends CachedFile {
  readonly key: string;
  /** How many use it now. */
  users: number;
  /** To be closed as soon as nobody uses it. */
  forgotten: boolean;
  closed: boolean;
}

/** To read from, or to read and write. */
type Mode = 'read' | 'write';

/**
 * Open files, at most about `max`: those that nobody uses are closed, the longest unused first.
 * Whoever takes a file gives it back with `release`.
 */
export class FileCache {
  readonly #files: Files;
  readonly #max: number;
  /** By mode and path; the longest unused first. */
  readonly #open = new Map<string, Entry>();
  readonly #opening = new Map<string, Promise<Entry>>();

  constructor(files: Files, max: number) {
    this.#files = files;
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The file where it is open. */
  peek(path: string, mode: Mode): CachedFile | undefined {
    const key = keyOf(path, mode);
    const entry = this.#open.get(key);
    if (entry === undefined) return undefined;
    this.#open.delete(key);
    this.#open.set(key, entry);
    entry.users++;
    return entry;
  }

  async use(path: string, mode: Mode): Promise<CachedFile> {
    for (;;) {
      const open = this.peek(path, mode);
      if (open !== undefined) return open;
      const key = keyOf(path, mode);
      let opening = this.#opening.get(key);
      if (opening === undefined) {
        opening = this.#openFile(key, path, mode);
        this.#opening.set(key, opening);
      }
      const entry = await opening;
      if (entry.closed) continue;
      entry.users++;
      return entry;
    }
  }

  release(file: CachedFile): void {
    const entry = file as Entry;
    entry.users--;
    if (entry.forgotten && entry.users === 0) this.#close(entry);
    else if (this.#open.size > this.#max) this.#evict();
  }

  /** Closes a file when its last user is done; who asks for it from now on opens it anew. */
  forget(path: string): void {
    for (const mode of ['read', 'write'] as const) {
      const key = keyOf(path, mode);
      const entry = this.#open.get(key);
      if (entry === undefined) continue;
      this.#open.delete(key);
      entry.forgotten = true;
      if (entry.users === 0) this.#close(entry);
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    const entries = [...this.#open.values()];
    this.#open.clear();
    for (const entry of entries) {
      entry.forgotten = true;
      if (entry.users > 0) continue;
      entry.closed = true;
      await entry.file.close();
    }
  }

  async #openFile(key: string, path: string, mode: Mode): Promise<Entry> {
    try {
      const file = await this.#files.open(path, mode);
      const entry: Entry = {
        key,
        file,
        dirty: false,
        index: undefined,
        users: 0,
        forgotten: false,
        closed: false,
      };
      this.#open.set(key, entry);
      return entry;
    } finally {
      this.#opening.delete(key);
    }
  }

  #evict(): void {
    for (const entry of this.#open.values()) {
      if (this.#open.size <= this.#max) return;
      if (entry.users > 0 || entry.dirty) continue;
      this.#open.delete(entry.key);
      this.#close(entry);
    }
  }

  #close(entry: Entry): void {
    entry.closed = true;
    // What was written through a file was synced before it is closed here, so a failure to close
    // has nothing to say.
    entry.file.close().catch(() => undefined);
  }
}

function keyOf(path: string, mode: Mode): string {
  return mode === 'read' ? path : `+${path}`;
}
