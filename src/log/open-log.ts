import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { NO_LOGGER } from '../hub/logger.ts';
import { Catalogue } from './catalogue.ts';
import { LogEngine } from './engine.ts';
import { FileCache } from './file-cache.ts';
import { NODE_FILES } from './files.ts';
import { Health } from './health.ts';
import { FolderLock } from './lock.ts';
import { LOG_DEFAULTS, type LogOptions } from './options.ts';
import { TailBudget } from './tail-cache.ts';

/**
 * Opens the data folder of the embedded engine, and mends what a crash left in it (`recovery` says
 * what). Close it with `close()`, so that the next opening need not read anything.
 *
 *     const engine = await openLog({ folder: '/var/lib/polywire' });
 *     const stream = await engine.create('orders.placed', { ...STREAM_DEFAULTS, subjects: ['orders.placed'] });
 *     const partition = stream.partitions[0];
 *     const offset = await partition.write([{ key: null, value, headers: [], timeMs: Date.now() }]);
 *     for (const batches of await partition.read(offset, 1024 * 1024)) ...
 *
 * An append is answered when it is committed, as the stream's `sync` says. While too much waits for
 * the disk (`maxPendingBytes`), or the disk takes nothing, appends throw an AppendFault `storage`
 * at once: whoever publishes waits for his answers before he sends more.
 *
 * @throws Fault FAILED_PRECONDITION when another process has the folder, or it is none of ours
 */
export async function openLog(options: LogOptions): Promise<LogEngine> {
  const folder = resolve(options.folder);
  const files = options.files ?? NODE_FILES;
  const logger = options.logger ?? NO_LOGGER;
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const lock = await FolderLock.take(folder);
  try {
    const catalogue = await Catalogue.open(files, folder);
    const retryMs = options.retryMs ?? LOG_DEFAULTS.retryMs;
    const environment = {
      files,
      cache: new FileCache(files, options.maxOpenFiles ?? LOG_DEFAULTS.maxOpenFiles),
      health: new Health(files, folder, logger, retryMs),
      pending: { max: options.maxPendingBytes ?? LOG_DEFAULTS.maxPendingBytes, used: 0 },
      tails: new TailBudget(options.maxTailBytesTotal ?? LOG_DEFAULTS.maxTailBytesTotal),
      logger,
      maxTailBytes: options.maxTailBytes ?? LOG_DEFAULTS.maxTailBytes,
      maxProducers: options.maxProducers ?? LOG_DEFAULTS.maxProducers,
      retryMs,
    };
    const engine = new LogEngine(options, environment, catalogue, lock);
    await engine.open();
    return engine;
  } catch (error) {
    await lock.release();
    throw error;
  }
}
