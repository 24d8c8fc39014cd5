import type { Logger } from '../hub/logger.ts';
import type { Files } from './files.ts';

/** How the embedded engine works; what is not given has the default that is named. */
export interface LogOptions {
  /** The data folder; made when it is not there. */
  readonly folder: string;
  /** How long records of `sync: interval` may be in the page cache alone, in milliseconds. 1000 */
  readonly syncIntervalMs?: number;
  /** How often retention and compaction look, in milliseconds. 30 000 */
  readonly maintenanceMs?: number;
  /** Streams and tables. 10 000 */
  readonly maxStreams?: number;
  /** Partitions of all streams together. 20 000 */
  readonly maxPartitions?: number;
  /** Open files. 512 */
  readonly maxOpenFiles?: number;
  /** Bytes that wait for their commit; beyond it appends are refused (AppendFault `storage`, with
   * the time after which to try again). 64 MiB */
  readonly maxPendingBytes?: number;
  /** Latest records in memory for readers at the end: of one partition (1 MiB), of all (16 MiB). */
  readonly maxTailBytes?: number;
  readonly maxTailBytesTotal?: number;
  /** Idempotent producers that a partition remembers. 10 000 */
  readonly maxProducers?: number;
  /** How long a silent producer is remembered, in milliseconds. 7 days */
  readonly producerExpiryMs?: number;
  /** After a refused write, when the disk is tried again, in milliseconds. 1000 */
  readonly retryMs?: number;
  readonly logger?: Logger;
  /** For tests: a file system that fails. */
  readonly files?: Files;
}

export const LOG_DEFAULTS = {
  syncIntervalMs: 1000,
  maintenanceMs: 30_000,
  maxStreams: 10_000,
  maxPartitions: 20_000,
  maxOpenFiles: 512,
  maxPendingBytes: 64 * 1024 * 1024,
  maxTailBytes: 1024 * 1024,
  maxTailBytesTotal: 16 * 1024 * 1024,
  maxProducers: 10_000,
  producerExpiryMs: 7 * 24 * 3_600_000,
  retryMs: 1000,
} as const;
