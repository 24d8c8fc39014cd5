import type { Logger } from '../hub/logger.ts';
import type { FileCache } from './file-cache.ts';
import type { Files } from './files.ts';
import type { Health } from './health.ts';
import type { TailBudget } from './tail-cache.ts';

/** What all partitions of an engine share. */
export interface Environment {
  readonly files: Files;
  readonly cache: FileCache;
  readonly health: Health;
  /** Bytes that wait for their commit, of all partitions together. */
  readonly pending: { readonly max: number; used: number };
  readonly tails: TailBudget;
  readonly logger: Logger;
  /** Of each partition; see `LogOptions`. */
  readonly maxTailBytes: number;
  readonly maxProducers: number;
  readonly retryMs: number;
}
