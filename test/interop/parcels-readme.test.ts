import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startHub } from '#polywire/testing';
import hello from '../../examples/hello.ts';
import { createApplication } from '../../examples/parcels/app.ts';

const readme = await readFile('README.md', 'utf8');

/** A shell block behind a comment that says what its output holds; `until`: it would go on. */
const TESTED = /<!-- tested( until)?: (.+) -->\n```sh\n([\s\S]*?)```/g;

const environment = { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}` };

async function outputOf(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-ec', script], {
    env: environment,
    timeout: 20_000,
  });
  return stdout;
}

/** Runs a script until its output holds the text, then ends it. */
async function outputUntil(script: string, text: string): Promise<string> {
  const child = spawn('bash', ['-ec', `exec ${script}`], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
  });
  let output = '';
  for await (const piece of child.stdout) {
    output += piece;
    if (output.includes(text)) break;
  }
  child.kill();
  return output;
}

test('the commands of the README do what it says, in its order', { timeout: 60_000 }, async () => {
  await using hub = await startHub(createApplication());
  const blocks = [...readme.matchAll(TESTED)];
  assert.ok(blocks.length >= 6, 'the README has blocks that are tested');
  for (const [, until, text, block] of blocks) {
    const script = block!.replaceAll('127.0.0.1:7070', `${hub.host}:${hub.port}`);
    const run = until === undefined ? outputOf(script) : outputUntil(script, text!);
    assert.ok((await run).includes(text!), `${script}printed:\n${await run}`);
  }
});

test('the contract in the README is the example, and answers', async () => {
  const example = await readFile('examples/hello.ts', 'utf8');
  assert.ok(readme.includes(`\`\`\`ts\n${example}\`\`\``));
  await using hub = await startHub(hello);
  const response = await fetch(`${hub.url}/greetings/hello?name=Ada`);
  assert.equal(await response.json(), 'Hello, Ada!');
});

test('the hub of the README speaks JSON-RPC over raw TCP as written there', async () => {
  await using hub = await startHub(createApplication());
  const line = /printf '%s\\n' '(\{"jsonrpc".+count"\})' \| curl/.exec(readme)?.[1];
  assert.ok(line !== undefined);
  // bash instead of curl, which takes until its time is over.
  const script = `exec 3<>/dev/tcp/${hub.host}/${hub.port}; printf '%s\\n' '${line}' >&3; head -n 1 <&3`;
  const answer = JSON.parse(await outputOf(script)) as { result: { total: number } };
  assert.equal(answer.result.total, 0);
});

test('curl alone takes a parcel from the sender to the door', async () => {
  await using hub = await startHub(createApplication());
  const output = await outputOf(`bash examples/clients/curl.sh ${hub.url}`);
  assert.match(output, /registered CP000000014CH/);
  assert.match(output, /"error":"IllegalMove"/);
  assert.match(output, /\{"accepted":2,"rejected":0/);
  const steps = [...output.matchAll(/^data: .*"to":"(\w+)"/gm)].map(([, to]) => to);
  assert.deepEqual(steps, ['collected', 'arrived', 'loaded', 'delivered']);
});

test('what the README shows of npm start is what is printed', {
  timeout: 60_000,
}, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'parcels-up-'));
  context.after(() => rm(folder, { recursive: true }));
  const args = ['src/cli/main.ts', 'up', 'examples/parcels', '--port', '0', '--data', folder];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
  });
  let output = '';
  for await (const piece of child.stdout) {
    output += piece;
    if (output.includes('Ctrl+C stops')) break;
  }
  child.kill();
  const port = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
  assert.ok(port !== undefined, output);
  const shown = output.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), '7070');
  for (const line of shown.split('\n')) {
    if (!line.includes(folder)) assert.ok(readme.includes(line.trim()), line);
  }
});
