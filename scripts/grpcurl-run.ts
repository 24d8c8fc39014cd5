/**
 * Runs grpcurl (a client in Go) against a hub with the parcels example: what reflection says is
 * enough for it to list, describe and call everything, also to read the data of declared errors.
 *
 *   node scripts/grpcurl-run.ts <grpcurl>
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { command, contract, error, implement, query, service, stream } from '../src/index.ts';
import { startHub } from '../src/testing/index.ts';

const Item = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    count: { type: 'integer' },
    at: { type: 'string', format: 'date-time' },
    state: { enum: ['new', 'sold-out'] },
    extra: true,
  },
  required: ['id', 'count'],
} as const;

const shop = contract({
  name: 'shop',
  version: '1.0.0',
  errors: {
    Missing: error({
      code: 'NOT_FOUND',
      data: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } as const,
    }),
  },
  services: {
    shop: service({
      operations: {
        echo: query({ input: Item, output: Item }),
        fail: query({ input: Item, output: Item, errors: ['Missing'] }),
        repeat: query({ input: Item, output: stream(Item) }),
        collect: command({ input: stream(Item), output: Item }),
      },
    }),
  },
});

const application = implement(shop, {
  shop: {
    echo: async (input) => input,
    fail: async ({ id }) => {
      throw shop.errors.Missing({ id }, 'not here');
    },
    repeat: async function* (input) {
      for (let index = 0; index < input.count; index++) yield { ...input, count: index };
    },
    collect: async (items) => {
      let count = 0;
      for await (const item of items) count += item.count;
      return { id: 'sum', count };
    },
  },
});

const [grpcurl = 'grpcurl'] = process.argv.slice(2);
const hub = await startHub([application]);
const target = `${hub.host}:${hub.port}`;

async function run(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(grpcurl, ['-plaintext', ...words], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return stdout;
}

const call = async (method: string, ...data: object[]): Promise<string> =>
  run('-d', data.map((one) => JSON.stringify(one)).join(' '), target, method);

try {
  const services = (await run(target, 'list')).trim().split('\n');
  for (const name of ['shop.Shop', 'grpc.health.v1.Health', 'polywire.Events']) {
    assert.ok(services.includes(name), `${name} is not in ${services.join(', ')}`);
  }
  assert.match(await run(target, 'describe', 'shop.Shop'), /rpc Repeat \( .* \) returns \( stream/);
  const item = {
    id: 'a',
    count: '3',
    at: '2026-01-31T12:00:00.500Z',
    state: 'STATE_SOLD_OUT',
    extra: [1, null],
  };
  assert.deepEqual(JSON.parse(await call('shop.Shop/Echo', item)), item);
  const repeated = await call('shop.Shop/Repeat', { id: 'b', count: 2 });
  assert.equal(repeated.match(/"id": "b"/g)?.length, 2);
  const sum = await call('shop.Shop/Collect', { id: 'a', count: 1 }, { id: 'b', count: 4 });
  assert.deepEqual(JSON.parse(sum), { id: 'sum', count: '5' });
  assert.match(await run(target, 'grpc.health.v1.Health/Check'), /SERVING/);
  const failure = await call('shop.Shop/Fail', { id: 'lost' }).then(
    () => assert.fail('shop.Shop/Fail answered'),
    (reason: { stderr: string }) => reason.stderr,
  );
  assert.match(failure, /Code: NotFound/);
  assert.match(failure, /shop\.Missing[\s\S]*"id": "lost"/);
  console.log(
    `grpcurl: ${services.length} services listed; unary, both streams and a declared error`,
  );
} finally {
  await hub.close();
}
