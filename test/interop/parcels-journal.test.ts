import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Journal } from '../../examples/parcels/journal.ts';
import {
  isTrackingNumber,
  serialOf,
  trackingNumber,
} from '../../examples/parcels/tracking-number.ts';

async function place(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parcels-journal-'));
  context.after(() => rm(folder, { recursive: true }));
  return join(folder, 'journal.jsonl');
}

async function read(path: string): Promise<{ entries: unknown[]; problems: string[] }> {
  const entries: unknown[] = [];
  const problems: string[] = [];
  const journal = await Journal.open<unknown>(
    path,
    (entry) => entries.push(entry),
    (problem) => problems.push(problem),
  );
  await journal.close();
  return { entries, problems };
}

const ignore = (): void => {};

test('what was appended is there again, in order, also when many append at once', async (context) => {
  const path = await place(context);
  const journal = await Journal.open<number>(path, ignore, assert.fail);
  await journal.append(0);
  await Promise.all(Array.from({ length: 100 }, (_, index) => journal.append(index + 1)));
  await journal.close();
  assert.deepEqual((await read(path)).entries, [...Array(101).keys()]);
});

test('an append resolves only when its line is in the file', async (context) => {
  const path = await place(context);
  const journal = await Journal.open<string>(path, ignore, assert.fail);
  const first = journal.append('first');
  const second = journal.append('second');
  await first;
  assert.match(await readFile(path, 'utf8'), /^"first"\n/);
  await second;
  assert.equal(await readFile(path, 'utf8'), '"first"\n"second"\n');
  await journal.close();
});

test('a last line that was cut short is removed and reported, and writing goes on', async (context) => {
  for (const torn of ['{"a":', '{"a":2}', '\0\0\0\0\n']) {
    const path = await place(context);
    await writeFile(path, `{"a":1}\n${torn}`);
    const { entries, problems } = await read(path);
    assert.deepEqual(entries, [{ a: 1 }]);
    assert.match(problems.join(), /line 2, the last, was cut short/);
    await appendFile(path, '{"a":3}\n');
    assert.deepEqual(await read(path), { entries: [{ a: 1 }, { a: 3 }], problems: [] });
  }
});

test('damage before the last line is an error that names the line, and changes nothing', async (context) => {
  const path = await place(context);
  const text = '{"a":1}\nrubbish\n{"a":3}\n';
  await writeFile(path, text);
  await assert.rejects(read(path), /line 2 is damaged/);
  assert.equal(await readFile(path, 'utf8'), text);
});

test('after the disk refused once, every append fails', async (context) => {
  const path = await place(context);
  const journal = await Journal.open<number>(path, ignore, assert.fail);
  await journal.append(1);
  await journal.close();
  await assert.rejects(journal.append(2));
  await assert.rejects(journal.append(3));
  assert.deepEqual((await read(path)).entries, [1]);
});

test('the check digit is that of the standard, and finds each single mistyped digit', () => {
  // RR473124829GB is the example that descriptions of UPU S10 use.
  assert.ok(isTrackingNumber('RR473124829GB'));
  const number = trackingNumber(47312482, 'GB');
  assert.equal(number, 'CP473124829GB');
  assert.equal(serialOf(number), 47312482);
  for (let index = 2; index < 10; index++) {
    for (let digit = 0; digit < 10; digit++) {
      const changed: string = number.slice(0, index) + digit + number.slice(index + 1);
      assert.equal(isTrackingNumber(changed), changed === number, changed);
    }
  }
  for (const wrong of ['', 'CP473124829', 'cp473124829gb', 'CP473124820GB', ' CP473124829GB']) {
    assert.ok(!isTrackingNumber(wrong), wrong);
  }
});

test('every tracking number that is made is valid', () => {
  for (let serial = 0; serial < 2000; serial += 7) {
    assert.ok(isTrackingNumber(trackingNumber(serial, 'CH')));
  }
});
