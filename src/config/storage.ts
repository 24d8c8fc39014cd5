import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../hub/engine.ts';
import { type Logger, NO_LOGGER } from '../hub/logger.ts';
import type { HubStorage } from '../hub/streams/hub-streams.ts';
import { Fault } from '../model/fault.ts';
import { ENGINES, RECORD_SOURCE } from '../standard.ts';
import type { Config } from './schema.ts';

/** Where streams lie in the data folder. */
const FOLDER = 'log';

/** The folder of the streams could not be opened. The message is for people. */
export class StorageError extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
    this.name = 'StorageError';
  }
}

export interface OpenedStorage {
  /** Undefined where the configuration wants none. */
  readonly storage: HubStorage | undefined;
  /** After the hub has stopped. */
  close(): Promise<void>;
}

export interface StorageWish {
  /** The data folder; undefined for a temporary one that goes away. */
  readonly dataDirectory: string | undefined;
  /** Take a temporary one too where another process has the data folder. */
  readonly yields: boolean;
  readonly logger: Logger | undefined;
}

/** Opens the engine of the configuration. @throws StorageError */
export async function openStorage(config: Config, wish: StorageWish): Promise<OpenedStorage> {
  if (!config.storage.enabled) return { storage: undefined, close: async () => undefined };
  const logger = wish.logger ?? NO_LOGGER;
  const { dataDirectory } = wish;
  if (dataDirectory === undefined) return await openTemporary(config, logger);
  try {
    const engine = await open(config, join(dataDirectory, FOLDER), logger);
    return { storage: storageOf(config, engine), close: () => engine.close() };
  } catch (thrown) {
    if (!wish.yields || Fault.from(thrown).code !== 'FAILED_PRECONDITION') {
      throw new StorageError(thrown as Error);
    }
    const { message } = thrown as Error;
    logger.warn(
      { reason: message },
      'streams are kept in a temporary folder, until this process ends',
    );
    return await openTemporary(config, logger);
  }
}

async function openTemporary(config: Config, logger: Logger): Promise<OpenedStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'polywire-log-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const engine = await open(config, folder, logger);
    return {
      storage: storageOf(config, engine),
      close: async () => {
        await engine.close();
        await remove();
      },
    };
  } catch (thrown) {
    await remove();
    throw new StorageError(thrown as Error);
  }
}

async function open(config: Config, folder: string, logger: Logger): Promise<Engine> {
  const { syncIntervalMs } = config.storage;
  const engine = await ENGINES.embedded({ folder, syncIntervalMs, logger });
  for (const { stream, partition, text, cutBytes } of engine.recovery) {
    logger.warn({ stream, partition, cutBytes }, `the log was mended: ${text}`);
  }
  return engine;
}

function storageOf({ storage, streams }: Config, engine: Engine): HubStorage {
  return { engine, storage, streams, recordSource: RECORD_SOURCE };
}
