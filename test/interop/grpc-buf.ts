/**
 * Runs buf (the Protobuf toolchain in Go) over what we export and serve: its compiler takes each
 * exported .proto, its rules find no break of the wire format between two exports that share a lock
 * file, and find one where the lock file is lost; `buf curl` calls in gRPC, gRPC-Web and Connect with
 * types from reflection.
 *
 *   node test/interop/grpc-buf.ts <buf>
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parcels } from '../../examples/parcels/contract.ts';
import type { JsonSchema, JsonSchemaObject } from '../../src/model/schema.ts';
import { startHub } from '../../src/testing/index.ts';
import { contractOf, DEFINITIONS, EVERYTHING } from '../../src/wire/protobuf/test-contract.ts';
import { matrix, matrixApplication, Witness } from '../matrix/contract.ts';
import { FULL } from '../matrix/tokens.ts';

const [buf = 'buf'] = process.argv.slice(2);
const MAIN = fileURLToPath(new URL('../../scripts/polywire.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'polywire-buf-'));
const run = promisify(execFile);

async function bufRun(...words: string[]): Promise<string> {
  const { stdout } = await run(buf, words, { cwd: folder, timeout: 60_000 });
  return stdout;
}

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => assert.fail('expected buf to fail'),
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
}

/** Exports a contract beside its lock file; buf compiles what came of it. */
async function exported(contract: object, name: string, into: string): Promise<void> {
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(contract));
  const words = ['contract', 'export', `${name}.json`, '--format', 'proto', '--out', `${into}/`];
  await run(process.execPath, [MAIN, ...words], { cwd: folder });
  await bufRun('build', into, '-o', join(folder, `${into}.binpb`));
}

const { properties, required } = EVERYTHING as {
  properties: Record<string, JsonSchema>;
  required: string[];
};

/** The same contract in another order, a member less and a member more. */
function changed(): JsonSchema {
  const entries = Object.entries(properties).filter(([name]) => name !== 'odd-name');
  const more: [string, JsonSchemaObject] = ['added', { type: 'number' }];
  return {
    ...(EVERYTHING as object),
    properties: Object.fromEntries([more, ...entries.toReversed()]),
    required,
  };
}

async function documents(): Promise<void> {
  // Stricter than the wire: names and JSON names stay too.
  const config = { version: 'v2', breaking: { use: ['WIRE_JSON'] } };
  writeFileSync(join(folder, 'buf.json'), JSON.stringify(config));
  const breaking = (now: string, before: string) =>
    bufRun('breaking', `${now}.binpb`, '--against', `${before}.binpb`, '--config', 'buf.json');
  await exported(parcels.contract, 'parcels', 'parcels');
  await exported(matrix.contract, 'matrix', 'matrix');
  await exported(contractOf(EVERYTHING, EVERYTHING, DEFINITIONS), 'all', 'first');
  await exported(contractOf(changed(), changed(), DEFINITIONS), 'all', 'second');
  await breaking('second', 'first');
  rmSync(join(folder, 'all.proto.lock.json'));
  await exported(contractOf(changed(), changed(), DEFINITIONS), 'all', 'third');
  assert.match(await failure(breaking('third', 'first')), /Field "1" on message "GetRequest"/);
}

async function calls(): Promise<number> {
  const config = {
    auth: { anonymous: 'allow', tokens: [{ id: 'a', token: FULL, scopes: ['*'] }] },
  };
  await using hub = await startHub([matrixApplication(new Witness())], { config });
  let count = 0;
  for (const protocol of ['grpc', 'grpcweb', 'connect']) {
    const curl = (method: string, data: object[], ...more: string[]) => {
      count++;
      const body = data.map((one) => JSON.stringify(one)).join('\n');
      const words = [
        'curl',
        '--http2-prior-knowledge',
        '--protocol',
        protocol,
        '--emit-defaults',
        '-d',
        body,
        ...more,
      ];
      return bufRun(...words, `${hub.url}/matrix.Matrix/${method}`);
    };
    const item = { count: '2', text: '\u00e4 \u20ac' };
    const values = (text: string): unknown[] =>
      text
        .trim()
        .split(/\n(?=\{)/)
        .map((one) => JSON.parse(one) as unknown);
    assert.deepEqual(values(await curl('Unary', [item])), [item]);
    assert.deepEqual(values(await curl('ServerStream', [item])), [
      { count: '0', text: item.text },
      { count: '1', text: item.text },
    ]);
    assert.deepEqual(values(await curl('ClientStream', [item, item])), [
      { items: '2', characters: '6' },
    ]);
    assert.deepEqual(values(await curl('Bidirectional', [item, item])), [item, item]);
    const error = await failure(curl('UnaryReject', [item]));
    assert.match(error, /"code": "not_found"/);
    assert.match(error, /"near": \[\s*"a",\s*"b"\s*\]/);
    assert.match(await failure(curl('UnarySecret', [item])), /"code": "unauthenticated"/);
    const header = `authorization: Bearer ${FULL}`;
    assert.deepEqual(values(await curl('UnarySecret', [item], '-H', header)), [item]);
  }
  return count;
}

try {
  await documents();
  const count = await calls();
  const version = (await bufRun('--version')).trim();
  console.log(`buf ${version}: 5 exports compiled, field numbers kept, ${count} calls`);
} finally {
  rmSync(folder, { recursive: true });
}
