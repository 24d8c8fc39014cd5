import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { Command } from 'commander';
import type { JsonSchema } from '../model/schema.ts';
import grpc from '../protocols/grpc/index.ts';
import { contractOf } from '../wire/protobuf/test-contract.ts';
import { contractCommand } from './contract.ts';

let folder = '';
const folders: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polywire-lock-'));
  folders.push(folder);
});
after(() => {
  for (const one of folders) rmSync(one, { recursive: true });
});

async function polywire(...words: string[]) {
  const result = { code: 0, out: '', err: '' };
  const program = new Command('polywire');
  contractCommand(program, grpc.documents, {
    directory: folder,
    out: (text) => {
      result.out += text;
    },
    error: (text) => {
      result.err += text;
    },
    exit: (code) => {
      result.code = code;
    },
  });
  await program.parseAsync(['contract', ...words], { from: 'user' });
  return result;
}

/** A contract whose query takes these members, in a file of its folder. */
function write(file: string, ...members: string[]): void {
  const properties: Record<string, JsonSchema> = {};
  for (const name of members) properties[name] = { type: 'string' };
  writeFileSync(join(folder, file), JSON.stringify(contractOf({ type: 'object', properties })));
}

const lock = (): string => readFileSync(join(folder, 'all.proto.lock.json'), 'utf8');

test('export writes the numbers beside the contract, and keeps them', async () => {
  write('a.json', 'x', 'y');
  const first = await polywire('export', 'a.json', '--format', 'proto');
  assert.match(first.out, /optional string x = 1;\n {2}optional string y = 2;/);
  assert.match(first.err, /all\.proto\.lock\.json now holds the field numbers/);
  write('a.json', 'z', 'y');
  const second = await polywire('export', 'a.json', '--format', 'proto');
  assert.match(
    second.out,
    /reserved 1; \/\/ x\n {2}optional string y = 2;\n {2}optional string z = 3;/,
  );
  const before = lock();
  const third = await polywire('export', 'a.json', '--format', 'proto');
  assert.deepEqual([third.err, lock()], ['', before]);
});

test('check adds to the lock file where there is one, and makes none', async () => {
  write('a.json', 'x');
  await polywire('check', 'a.json');
  assert.deepEqual(readdirSync(folder), ['a.json']);
  await polywire('export', 'a.json', '--format', 'proto');
  write('a.json', 'x', 'new');
  const { err } = await polywire('check', 'a.json');
  assert.match(err, /now holds/);
  assert.match(lock(), /"new"/);
});

test('a lock file that cannot be used is told, and nothing is served with it', async () => {
  write('a.json', 'x');
  writeFileSync(join(folder, 'all.proto.lock.json'), '{"polywire":"2"}');
  const { code, err } = await polywire('check', 'a.json');
  assert.equal(code, 3);
  assert.match(err, /all\.proto\.lock\.json cannot be used/);
});

test('diff finds numbers that changed or were given again', async () => {
  write('old.json', 'x', 'y');
  write('new.json', 'y', 'x');
  const renumbered = await polywire('diff', 'old.json', 'new.json');
  assert.equal(renumbered.code, 1);
  assert.match(renumbered.out, /protobuf type all\.GetRequest: x had the number 1 and has 2/);
  write('new.json', 'z', 'y');
  const reused = await polywire('diff', 'old.json', 'new.json', '--json');
  const { changes } = JSON.parse(reused.out) as { changes: { kind: string; message: string }[] };
  const change = changes.find(({ kind }) => kind === 'fieldNumberReused');
  assert.equal(change?.message, 'the number 1 of x is that of z now');
  // With the numbers kept, neither is a change.
  write('old.json', 'x', 'y');
  await polywire('export', 'old.json', '--format', 'proto');
  write('new.json', 'y', 'x');
  assert.equal((await polywire('diff', 'old.json', 'new.json', '--json')).code, 1, 'soap breaks');
  assert.doesNotMatch((await polywire('diff', 'old.json', 'new.json')).out, /number/);
});

test('a contract with several services has a file for each', async () => {
  const one = contractOf({ type: 'object', properties: {} });
  const [service] = one.services;
  const two = { ...one, services: [service, { ...service, name: 'more' }] };
  writeFileSync(join(folder, 'a.json'), JSON.stringify(two));
  const alone = await polywire('export', 'a.json', '--format', 'proto');
  assert.match(alone.err, /2 services, and so 2 \.proto files/);
  await polywire('export', 'a.json', '--format', 'proto', '--out', 'protos/');
  assert.deepEqual(readdirSync(join(folder, 'protos')).sort(), ['all.proto', 'more.proto']);
  assert.match(readFileSync(join(folder, 'protos/more.proto'), 'utf8'), /package more;/);
});
