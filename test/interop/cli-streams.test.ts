import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { PolywireProcess, polywire } from '../support/polywire-process.ts';

const OPTIONS = { timeout: 60_000 };
const BAD_USE = 2;
const UNREACHABLE = 6;
const NOT_FOUND = 25;
const REFUSED = 23;

describe('polywire stream', OPTIONS, () => {
  let hub: TestHub;
  let environment: Record<string, string> = {};
  before(async () => {
    hub = await startHub([]);
    environment = { POLYWIRE_URL: hub.url };
  });
  after(() => hub.close());

  const run = (context: TestContext, line: string, words: readonly string[] = []) =>
    polywire(context, [...line.split(' '), ...words], { environment });

  it('makes, shows, lists and removes', async (context) => {
    const made = await run(
      context,
      'stream create cli.made --partitions 3 --retention 2d --max-bytes 1GiB --subject cli.made.*',
    );
    assert.equal(made.exitCode, 0, made.stderr);
    assert.match(made.stdout, /captures\s+cli\.made\.\*\n/);
    assert.match(made.stdout, /keeps\s+2 days, at most 1\.1 GB in each partition\n/);
    await run(context, 'publish cli.made.x hello --key k');
    const info = await run(context, 'stream info cli.made');
    assert.match(info.stdout, /holds\s+1 records, \d+ B\n/);
    assert.match(info.stdout, /\n +\d {2}█{20} +1 {2}0 \.\. 1 /);
    assert.match(info.stdout, /\n +\d {2}·{20} +0 {2}0 \.\. 0 /);
    const json = await run(context, 'stream info cli.made --json');
    assert.equal(JSON.parse(json.stdout).partitions.length, 3);
    const list = await run(context, 'stream ls');
    assert.match(list.stdout, /^STREAM +PARTITIONS +RECORDS +SIZE +CAPTURES\n/);
    assert.match(list.stdout, /\ncli\.made +3 +1 +\d+ B {2}cli\.made\.\*\n/);
    const unsure = await run(context, 'stream rm cli.made');
    assert.equal(unsure.exitCode, BAD_USE);
    assert.match(unsure.stderr, /has 1 records, which would be gone for good; say --yes/);
    assert.match((await run(context, 'stream rm cli.made --yes')).stdout, /^removed cli\.made\n$/);
    assert.equal((await run(context, 'stream info cli.made')).exitCode, NOT_FOUND);
    assert.equal((await run(context, 'stream ls --json')).stdout, '');
  });

  it('refuses what cannot be, with the place and the reason', async (context) => {
    const bad = await run(context, 'stream create a/b');
    assert.equal(bad.exitCode, REFUSED);
    assert.match(bad.stderr, /"a\/b"/);
    const duration = await run(context, 'stream create x --retention soon');
    assert.equal(duration.exitCode, BAD_USE);
    assert.match(duration.stderr, /7d, 12h, 30m/);
    const nowhere = await run(context, 'stream ls --url http://127.0.0.1:9 --json');
    assert.equal(nowhere.exitCode, UNREACHABLE);
    assert.match(JSON.parse(nowhere.stderr).error, /start one with "polywire up"/);
  });

  it('peeks at records, and keeps control characters from the terminal', async (context) => {
    await run(context, 'stream create cli.peeked');
    await run(context, 'publish cli.peeked', ['{"a": 1}', '--key', 'k', '--header', 'shift=early']);
    await run(context, 'publish cli.peeked', ['two\nlines \u001b[31m\u0007']);
    const peeked = await run(context, 'stream peek cli.peeked --headers');
    const lines = peeked.stdout.split('\n');
    assert.match(lines[0]!, /^0:0 {2}20\S+Z {2}k {2}\{"a":1\}$/);
    assert.match(peeked.stdout, /\n {4}shift: early\n/);
    assert.match(peeked.stdout, /\n {4}ce_subject: cli\.peeked\n/);
    assert.match(peeked.stdout, /\n0:1 {2}\S+ {2}- {2}two\\nlines \\x07\n/);
    const first = await run(context, 'stream peek cli.peeked --from start --count 1 --json');
    assert.deepEqual(JSON.parse(first.stdout).payload, { a: 1 });
    const second = await run(context, 'stream peek cli.peeked --partition 0 --from 1 --json');
    assert.equal(JSON.parse(second.stdout).offset, 1);
  });

  it('follows a stream, and a subscription begins anywhere in it', async (context) => {
    await run(context, 'stream create cli.tailed --partitions 2');
    for (const text of ['one', 'two']) {
      await run(context, 'publish cli.tailed', [text, '--key', text]);
    }
    const words = ['stream', 'tail', 'cli.tailed', '--from', 'start', '--count', '3', '--json'];
    const tail = new PolywireProcess(context, words, { environment });
    await tail.printed(/"text":"two"/);
    await run(context, 'publish cli.tailed three');
    const { stdout, exitCode } = await tail.finished;
    assert.equal(exitCode, 0);
    const texts = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).text);
    assert.deepEqual(texts, ['one', 'two', 'three']);

    const all = await run(context, 'subscribe cli.tailed --from start --count 3');
    const messages = all.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(messages.map(({ payload }) => payload).sort(), ['one', 'three', 'two']);
    const rest = await run(
      context,
      `subscribe cli.tailed --count 2 --after ${messages[0].position}`,
    );
    const after = rest.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).payload);
    assert.deepEqual([messages[0].payload, ...after].sort(), ['one', 'three', 'two']);
    const later = await run(
      context,
      `subscribe cli.tailed --from 2999-01-01T00:00:00Z --timeout 300`,
    );
    assert.equal(later.stdout, '');
    const last = await run(context, 'subscribe cli.tailed --last 1 --count 2');
    assert.equal(last.stdout.trim().split('\n').length, 2);
    const bad = await run(context, 'subscribe cli.tailed --from yesterday');
    assert.equal(bad.exitCode, BAD_USE);
    assert.match(bad.stderr, /expected now, start, a time/);
  });
});
