import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FolderLock } from './lock.ts';
import { withFolder } from './log.test-support.ts';

/** A process that takes the lock, says so, and waits. */
const HOLDER = `
  import { FolderLock } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
  await FolderLock.take(process.argv[1]);
  console.log('taken');
  setInterval(() => {}, 1000);
`;

async function hold(folder: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, folder]);
  await once(child.stdout, 'data');
  return child;
}

async function holderOf(folder: string): Promise<Record<string, unknown>> {
  const [name] = await readdir(folder);
  return JSON.parse(await readFile(join(folder, name!), 'utf8'));
}

describe('the lock of a data folder', () => {
  it('keeps a second process out, and says which has it', () =>
    withFolder(async (folder) => {
      await mkdir(folder);
      const child = await hold(folder);
      await assert.rejects(FolderLock.take(folder), {
        code: 'FAILED_PRECONDITION',
        message: new RegExp(`is open in process ${child.pid}. Stop it \\(kill ${child.pid}\\)`),
      });
      child.kill('SIGKILL');
      await once(child, 'close');
      await (await FolderLock.take(folder)).release();
      assert.deepEqual(await readdir(folder), []);
    }));

  it('is taken over by one alone, however many try', () =>
    withFolder(async (folder) => {
      await mkdir(folder);
      const child = await hold(folder);
      child.kill('SIGKILL');
      await once(child, 'close');
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, () => FolderLock.take(folder)),
      );
      const taken = tries.filter(({ status }) => status === 'fulfilled');
      assert.equal(taken.length, 1);
      assert.equal((await readdir(folder)).length, 1);
      await (taken[0] as PromiseFulfilledResult<FolderLock>).value.release();
    }));

  it('is taken over after a restart of the machine, and from a process number used again', () =>
    withFolder(async (folder) => {
      await mkdir(folder);
      const lock = await FolderLock.take(folder);
      const me = await holderOf(folder);
      await lock.release();
      for (const other of [{ boot: 'another' }, { started: '1' }]) {
        await writeFile(join(folder, 'lock.7'), JSON.stringify({ ...me, ...other }));
        const taken = await FolderLock.take(folder);
        assert.deepEqual(await readdir(folder), ['lock.8']);
        await taken.release();
      }
      await writeFile(join(folder, 'lock.7'), 'damaged');
      await (await FolderLock.take(folder)).release();
    }));

  it('of another host or container holds while it is heard of', () =>
    withFolder(async (folder) => {
      await mkdir(folder);
      const lock = await FolderLock.take(folder);
      const me = await holderOf(folder);
      await lock.release();
      const path = join(folder, 'lock.3');
      await writeFile(path, JSON.stringify({ ...me, place: 'elsewhere', pid: 1 }));
      await assert.rejects(FolderLock.take(folder), /another host or container \(elsewhere\)/);
      const longAgo = new Date(Date.now() - 60_000);
      await utimes(path, longAgo, longAgo);
      await (await FolderLock.take(folder)).release();
    }));
});
