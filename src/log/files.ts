import * as fs from 'node:fs';
import { dirname } from 'node:path';

/**
 * The file system as the log uses it: a small seam, so that tests can let any step fail as a disk
 * does. Errors are those of `node:fs`, with their `code`.
 */
export interface Files {
  /** `write`: made when it is not there; read and written. */
  open(path: string, mode: 'read' | 'write'): Promise<File>;
  /** Whole file; undefined where there is none. */
  readWhole(path: string): Promise<Buffer | undefined>;
  /** Names in a folder, in order; none where it is not there. */
  list(folder: string): Promise<string[]>;
  makeFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A file or a folder with all that it holds; nothing where it is not there. */
  remove(path: string): Promise<void>;
  /** Makes names that were made, renamed or removed in a folder durable. */
  syncFolder(path: string): Promise<void>;
}

export interface File {
  size(): Promise<number>;
  /** Fills the buffer from `position`; answers how much there was. */
  read(buffer: Buffer, position: number): Promise<number>;
  /** All bytes of all buffers, one after the other. */
  write(buffers: readonly Buffer[], position: number): Promise<void>;
  /** The same, waiting for the page cache only and holding up the process for that long. */
  writeNow(buffers: readonly Buffer[], position: number): void;
  /** fdatasync. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** The file system of the machine. */
export const NODE_FILES: Files = {
  async open(path, mode) {
    const { O_CREAT, O_RDWR, O_RDONLY } = fs.constants;
    return new NodeFile(
      await done<number>((callback) =>
        fs.open(path, mode === 'write' ? O_CREAT | O_RDWR : O_RDONLY, 0o640, callback),
      ),
    );
  },
  async readWhole(path) {
    try {
      return await fs.promises.readFile(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async list(folder) {
    try {
      return (await fs.promises.readdir(folder)).toSorted();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  async makeFolder(path) {
    await fs.promises.mkdir(path, { recursive: true, mode: 0o750 });
  },
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.rm(path, { recursive: true, force: true }),
  async syncFolder(path) {
    // Windows opens no folders; its file systems keep names durable by themselves.
    if (process.platform === 'win32') return;
    const handle = await fs.promises.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** Callbacks of `node:fs` directly: a file handle's promises cost twice as much for each step. */
class NodeFile implements File {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async size(): Promise<number> {
    return (await done<fs.Stats>((callback) => fs.fstat(this.#fd, callback))).size;
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const got = await done<number>((callback) =>
        fs.read(this.#fd, buffer, filled, buffer.length - filled, position + filled, callback),
      );
      if (got === 0) break;
      filled += got;
    }
    return filled;
  }

  async write(buffers: readonly Buffer[], position: number): Promise<void> {
    let rest = buffers;
    let at = position;
    while (rest.length > 0) {
      const written = await done<number>((callback) => fs.writev(this.#fd, rest, at, callback));
      at += written;
      rest = after(rest, written);
    }
  }

  writeNow(buffers: readonly Buffer[], position: number): void {
    let rest = buffers;
    let at = position;
    while (rest.length > 0) {
      const written = fs.writevSync(this.#fd, rest, at);
      at += written;
      rest = after(rest, written);
    }
  }

  sync(): Promise<void> {
    return done<void>((callback) => fs.fdatasync(this.#fd, callback));
  }

  truncate(size: number): Promise<void> {
    return done<void>((callback) => fs.ftruncate(this.#fd, size, callback));
  }

  close(): Promise<void> {
    return done<void>((callback) => fs.close(this.#fd, callback));
  }
}

function done<T>(start: (callback: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error === null ? resolve(value as T) : reject(error)));
  });
}

/** What is left of the buffers after `written` bytes of them; the same array where it is nothing
 * but all. */
function after(buffers: readonly Buffer[], written: number): readonly Buffer[] {
  let left = written;
  for (let index = 0; index < buffers.length; index++) {
    const buffer = buffers[index]!;
    if (left < buffer.length) {
      return [buffer.subarray(left), ...buffers.slice(index + 1)];
    }
    left -= buffer.length;
  }
  return [];
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** Replaces a small file as a whole: after a crash there is the old one or the new one. */
export async function replaceFile(files: Files, path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.new`;
  await files.remove(temporary);
  const file = await files.open(temporary, 'write');
  try {
    await file.write([bytes], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, path);
  await files.syncFolder(dirname(path));
}
