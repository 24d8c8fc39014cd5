import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defaultSettings } from '../hub/streams/settings.ts';
import { loadConfig } from './load.ts';
import { openStorage, StorageError } from './storage.ts';

async function dataFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'polywire-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const quiet = (): void => undefined;

test('a folder that somebody has is refused, or left to him for a temporary one', async (context) => {
  const dataDirectory = await dataFolder(context);
  const { config } = await loadConfig({ environment: {} });
  const wish = { dataDirectory, yields: false, logger: undefined };
  const first = await openStorage(config, wish);
  await assert.rejects(
    openStorage(config, wish),
    (error: unknown) => error instanceof StorageError && error.message.includes(dataDirectory),
  );
  const warnings: string[] = [];
  const warn = (_: object, message: string): void => void warnings.push(message);
  const logger = { debug: quiet, info: quiet, warn, error: quiet };
  const second = await openStorage(config, { ...wish, yields: true, logger });
  assert.match(warnings[0]!, /temporary folder/);
  assert.notEqual(second.storage!.engine, first.storage!.engine);
  await second.close();
  await first.close();
  const again = await openStorage(config, wish);
  await again.close();
});

test('temporary streams leave nothing behind', async (context) => {
  const parent = await dataFolder(context);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = parent;
  context.after(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  const { config } = await loadConfig({ environment: {} });
  const wish = { dataDirectory: undefined, yields: false, logger: undefined };
  const { storage, close } = await openStorage(config, wish);
  await storage!.engine.create('a', defaultSettings(config.storage, 'a'));
  assert.equal((await readdir(parent)).length, 1);
  await close();
  assert.deepEqual(await readdir(parent), []);
});

test('a hub may do without streams', async (context) => {
  const dataDirectory = await dataFolder(context);
  const environment = { POLYWIRE_STORAGE_ENABLED: 'false' };
  const { config } = await loadConfig({ environment });
  const { storage } = await openStorage(config, {
    dataDirectory,
    yields: false,
    logger: undefined,
  });
  assert.equal(storage, undefined);
  assert.equal(existsSync(join(dataDirectory, 'log')), false);
});
