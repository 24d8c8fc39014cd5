import { join } from 'node:path';
import { AppendFault } from '../hub/engine.ts';
import type { Logger } from '../hub/logger.ts';
import type { Files } from './files.ts';

/** What has to be mended before it takes writes again. */
export interface Repairable {
  /** Throws when it does not work yet. */
  repair(): Promise<void>;
}

/** More than a disk that is all but full has left for one. */
const PROBE_BYTES = 256 * 1024;

/**
 * Whether the disk takes writes. After a failure all writes are refused; then, every second, what
 * the failure left is mended and a small file is written, until that works.
 */
export class Health {
  readonly #files: Files;
  readonly #probePath: string;
  readonly #logger: Logger;
  readonly #retryMs: number;
  readonly #broken = new Set<Repairable>();
  #fault: AppendFault | undefined;
  #timer: NodeJS.Timeout | undefined;
  #probing: Promise<void> | undefined;
  #closed = false;

  constructor(files: Files, folder: string, logger: Logger, retryMs: number) {
    this.#files = files;
    this.#probePath = join(folder, 'probe');
    this.#logger = logger;
    this.#retryMs = retryMs;
  }

  get refusing(): AppendFault | undefined {
    return this.#fault;
  }

  /** A write failed; answers what the writer is told. */
  failed(error: unknown, broken?: Repairable): AppendFault {
    const fault = storageFault(error, this.#retryMs);
    if (broken !== undefined) this.#broken.add(broken);
    if (this.#fault === undefined) {
      this.#logger.error({ cause: String(error) }, fault.message);
    }
    this.#fault = fault;
    this.#plan();
    return fault;
  }

  /** Looks now whether writes work again. */
  async probe(): Promise<void> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
    await this.#probing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#probing;
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.probe();
    }, this.#retryMs).unref();
  }

  async #probe(): Promise<void> {
    if (this.#fault === undefined) return;
    try {
      await this.#writeProbe();
      for (const broken of this.#broken) {
        await broken.repair();
        this.#broken.delete(broken);
      }
      this.#fault = undefined;
      this.#logger.info({}, 'the disk takes writes again');
    } catch (error) {
      this.#fault = storageFault(error, this.#retryMs);
      this.#plan();
    }
  }

  async #writeProbe(): Promise<void> {
    try {
      const file = await this.#files.open(this.#probePath, 'write');
      try {
        await file.write([Buffer.alloc(PROBE_BYTES, 1)], 0);
        await file.sync();
      } finally {
        await file.close();
      }
    } finally {
      await this.#files.remove(this.#probePath);
    }
  }
}

const MEANING: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full; make room, and writes go on by themselves',
  EDQUOT: 'the disk quota is used up; make room, and writes go on by themselves',
  EROFS: 'the file system is read-only; mount it for writing, and writes go on by themselves',
  EIO: 'the disk reports an I/O error; see the log of the operating system',
  EACCES: 'the data folder may not be written to; give this user the right to',
  EPERM: 'the data folder may not be written to; give this user the right to',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ENFILE: 'the operating system has too many open files',
};

export function storageFault(error: unknown, retryAfterMs?: number): AppendFault {
  if (error instanceof AppendFault) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const meaning = MEANING[code] ?? `the disk refused a write (${code || 'unknown error'})`;
  return new AppendFault('storage', `Nothing was stored: ${meaning}.`, {
    cause: error,
    retryAfterMs,
  });
}
