import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { DocumentKind } from '../hub/protocol.ts';
import type { Contract } from '../model/contract.ts';
import {
  CONTRACT_CHANGES,
  contractChange,
  SCHEMA_CHANGES,
  schemaChange,
} from '../model/diff/changes.ts';
import { contractCommand } from './contract.ts';
import { ALL_PROTOCOLS, brokenProtocols, PROTOCOL_BREAKS } from './contract-diff-protocols.ts';

const folder = mkdtempSync(join(tmpdir(), 'polywire-contract-'));
after(() => rmSync(folder, { recursive: true }));
const source = fileURLToPath(new URL('..', import.meta.url));

const NAMES: DocumentKind = {
  format: 'names',
  title: 'Names',
  create: (contract, url) => `${contract.name} ${url}`,
};

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function polywire(...words: string[]): Promise<Result> {
  const result = { code: 0, out: '', err: '' };
  const program = new Command('polywire');
  contractCommand(program, [NAMES], {
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

const authored = (input: string): string => `
import { contract, implement, query, service } from '${source}index.ts';
export const named = contract({
  name: 'shop',
  version: '1.0.0',
  services: { shop: service({ operations: { find: query({ input: ${input} }) } }) },
});
export default implement(named, { shop: { find: () => {} } });
`;
const idSchema = "{ type: 'object', properties: { id: { type: 'string' } } }";
writeFileSync(join(folder, 'shop.ts'), authored(idSchema));
writeFileSync(join(folder, 'wrong.ts'), authored("{ type: 'string' }"));
writeFileSync(join(folder, 'none.ts'), 'export const a = 1;\n');
writeFileSync(join(folder, 'throws.ts'), "throw new Error('no luck');\n");
writeFileSync(join(folder, 'broken.json'), '{');

test('a contract is exported, read back, and exported again as it was', async () => {
  const first = await polywire('export', 'shop.ts', '--out', 'shop.json');
  assert.deepEqual([first.code, first.err], [0, '']);
  const text = readFileSync(join(folder, 'shop.json'), 'utf8');
  const again = await polywire('export', 'shop.json');
  assert.equal(again.out, text);
  const names = await polywire('export', 'shop.ts', '--format', 'names', '--url', 'http://x');
  assert.equal(names.out, 'shop http://x\n');
  const unknown = await polywire('export', 'shop.ts', '--format', 'poem');
  assert.equal(unknown.code, 3);
  assert.match(unknown.err, /no format "poem"; known are json, names/);
});

test('check tells what is wrong, for people and as JSON', async () => {
  const good = await polywire('check', 'shop.ts');
  assert.match(good.out, /shop 1\.0\.0 is sound: 1 operation and 0 events, with handlers/);
  assert.equal(good.code, 0);
  const bad = await polywire('check', 'wrong.ts', '--json');
  const told = JSON.parse(bad.out) as { ok: boolean; problems: { place: string }[] };
  assert.deepEqual([bad.code, told.ok], [3, false]);
  assert.equal(told.problems[0]!.place, 'operation shop.find, input');
});

test('a file that holds no contract is refused in words', async () => {
  const table: [string, RegExp][] = [
    ['missing.ts', /missing\.ts does not exist/],
    ['missing.json', /missing\.json does not exist/],
    ['none.ts', /exports no contract and no application \(it exports a\)/],
    ['throws.ts', /cannot be loaded: no luck/],
    ['broken.json', /is no JSON/],
    ['shop.yaml', /a \.ts, \.js or \.json file is expected/],
  ];
  const results = await Promise.all(table.map(([file]) => polywire('check', file)));
  for (const [index, [file, message]] of table.entries()) {
    assert.match(results[index]!.err, message, file);
    assert.equal(results[index]!.code, 3, file);
  }
});

test('diff exits with 1 when something breaks, unless it is allowed', async () => {
  const { out } = await polywire('export', 'shop.ts');
  const old = JSON.parse(out) as Contract;
  const wanted = structuredClone(old) as unknown as {
    services: { operations: { scopes: string[] }[] }[];
  };
  wanted.services[0]!.operations[0]!.scopes.push('shop:read');
  writeFileSync(join(folder, 'old.json'), out);
  writeFileSync(join(folder, 'new.json'), JSON.stringify(wanted));
  const breaking = await polywire('diff', 'old.json', 'new.json');
  assert.equal(breaking.code, 1);
  assert.match(
    breaking.out,
    /operation shop\.find: scope shop:read\n {4}breaks every protocol: callers/,
  );
  assert.equal((await polywire('diff', 'old.json', 'new.json', '--allow-breaking')).code, 0);
  const safe = await polywire('diff', 'new.json', 'old.json', '--json');
  assert.deepEqual([safe.code, (JSON.parse(safe.out) as { breaking: number }).breaking], [0, 0]);
  assert.equal((await polywire('diff', 'old.json', 'shop.ts')).out, 'No change.\n');
});

test('diff reads an older neutral form from git', async () => {
  const git = (...words: string[]): void => {
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...words], {
      cwd: folder,
    });
  };
  const { out } = await polywire('export', 'shop.ts');
  writeFileSync(join(folder, 'kept.json'), out);
  git('init', '-q');
  git('add', 'kept.json');
  git('commit', '-qm', 'first');
  writeFileSync(join(folder, 'kept.json'), out.replace('1.0.0', '1.1.0'));
  const found = await polywire('diff', 'HEAD:./kept.json', 'kept.json');
  assert.match(found.out, /Safe \(1\):\n {2}contract: 1\.0\.0 became 1\.1\.0/);
  const module = await polywire('diff', 'HEAD:./shop.ts', 'shop.ts');
  assert.match(module.err, /only a \.json file is read from git/);
  const nowhere = await polywire('diff', 'HEAD:./no.json', 'kept.json');
  assert.match(nowhere.err, /cannot be read from git/);
});

test('every kind of change says which protocols it breaks, and why', () => {
  for (const kind of Object.keys(SCHEMA_CHANGES) as (keyof typeof SCHEMA_CHANGES)[]) {
    for (const direction of ['input', 'output'] as const) {
      const change = schemaChange(kind, direction, 'call', 'here', 'this');
      const broken = brokenProtocols(change);
      if (change.breaking) assert.equal(broken.length, 8, `${kind} ${direction}`);
      for (const { why } of broken) assert.ok(why.length > 10);
    }
  }
  for (const kind of Object.keys(CONTRACT_CHANGES) as (keyof typeof CONTRACT_CHANGES)[]) {
    const change = contractChange(kind, 'contract', 'here', 'this');
    if (change.breaking) assert.ok(brokenProtocols(change).length > 0, kind);
  }
  for (const extras of Object.values(PROTOCOL_BREAKS)) {
    for (const { protocols } of extras) {
      for (const protocol of protocols) assert.ok(ALL_PROTOCOLS.includes(protocol));
    }
  }
});

test('a change that JSON does not notice breaks protocols with names and positions', () => {
  const broken = (...change: Parameters<typeof schemaChange>): string[] =>
    brokenProtocols(schemaChange(...change)).map(({ protocol }) => protocol);
  const order = (place: string) => broken('memberOrderChanged', 'input', 'call', place, '');
  assert.deepEqual(order('operation a.b, input at /c'), ['soap']);
  // JSON-RPC and its kin take the members of the input as parameters by position.
  assert.deepEqual(order('operation a.b, input'), ['soap', 'jsonrpc', 'websocket', 'xmlrpc']);
  assert.deepEqual(broken('typeWidened', 'input', 'call', '', ''), ['grpc', 'graphql']);
  assert.deepEqual(broken('optionalMemberAdded', 'input', 'call', '', ''), []);
  assert.deepEqual(
    brokenProtocols(contractChange('httpChanged', 'call', '', '')).map(({ protocol }) => protocol),
    ['rest'],
  );
  // Positions mean nothing to a message broker.
  assert.deepEqual(broken('memberOrderChanged', 'output', 'event', '', ''), []);
});
