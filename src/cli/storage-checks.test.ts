import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLog } from '../log/open-log.ts';
import { STREAM_DEFAULTS } from '../log/settings.ts';
import { checkLog, checkSpace, checkStorage } from './storage-checks.ts';

async function folderFor(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'polywire-doctor-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('room on the disk is judged', async () => {
  assert.equal((await checkSpace('/', 5e9)).state, 'ok');
  assert.equal((await checkSpace('/', 5e8)).state, 'warn');
  assert.match((await checkSpace('/', 5e7)).message, /^50\.0 MB free/);
  assert.equal((await checkSpace('/', 5e7)).state, 'fail');
  assert.match((await checkSpace('/nowhere/at/all')).message, /B free for/);
});

test('a folder that is not there yet can be made', async (context) => {
  const folder = await folderFor(context);
  const [, log] = await checkStorage(join(folder, 'data'));
  assert.equal(log?.state, 'ok');
  assert.match(log?.message ?? '', /will be made/);
});

test('a folder that a process has open is named with the process', async (context) => {
  const folder = join(await folderFor(context), 'log');
  const engine = await openLog({ folder });
  await engine.create('orders', { ...STREAM_DEFAULTS, subjects: ['orders'] });
  const open = await checkLog(folder);
  await engine.close();
  assert.equal(open.state, 'fail');
  assert.match(open.message, /is open in this process/);
  assert.deepEqual(await checkLog(folder), {
    name: 'streams',
    state: 'ok',
    message: `1 in ${folder}`,
  });
});

test('a folder of a later format, or of somebody else, is not taken', async (context) => {
  const folder = await folderFor(context);
  await writeFile(join(folder, 'notes.txt'), 'mine');
  assert.match((await checkLog(folder)).message, /other files in it \(notes\.txt\)/);
  const later = join(folder, 'later');
  await mkdir(later);
  await writeFile(join(later, 'format'), 'polywire data, format 99\n');
  assert.match((await checkLog(later)).message, /has format 99/);
});
