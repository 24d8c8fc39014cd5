import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FirstUse } from './first-use.ts';

test('what is needed is loaded once, and then at hand at once', async () => {
  let loads = 0;
  const lazy = new FirstUse(async () => ({ number: ++loads }));
  assert.equal(lazy.loaded, undefined);
  const [first, second] = await Promise.all([lazy.get(), lazy.get()]);
  assert.equal(first, second);
  assert.equal(lazy.get(), first);
  assert.equal(loads, 1);
});

test('a handler waits for the first use only', async () => {
  const seen: string[] = [];
  const lazy = new FirstUse(async () => ({ greeting: 'hello' }));
  const handle = lazy.handler<string>(
    ({ greeting }, name) => void seen.push(`${greeting} ${name}`),
  );
  await handle('Ada');
  assert.equal(handle('Bob'), undefined);
  assert.deepEqual(seen, ['hello Ada', 'hello Bob']);
});

test('a load that failed is tried again by the next who needs it', async () => {
  let tries = 0;
  const lazy = new FirstUse(async () => {
    if (++tries === 1) throw new Error('the disk is slow today');
    return { tries };
  });
  const handle = lazy.handler<undefined>(() => undefined);
  await assert.rejects(async () => handle(undefined), /slow today/);
  assert.deepEqual(await lazy.get(), { tries: 2 });
});
