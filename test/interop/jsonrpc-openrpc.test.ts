import assert from 'node:assert/strict';
import { test } from 'node:test';
import openRpcMetaSchema from '@open-rpc/meta-schema';
import { Ajv } from 'ajv';
import { application, operation } from '../../src/hub/application.test-support.ts';
import type { Contract } from '../../src/model/contract.ts';
import { LOCAL } from '../../src/model/principal.ts';
import jsonrpc from '../../src/protocols/jsonrpc/index.ts';
import { openRpcDocument } from '../../src/wire/jsonrpc/open-rpc.ts';
import { rpcApplication } from '../../src/wire/jsonrpc/service.test-support.ts';
import { startRpcHub } from './rpc-hub.ts';

const JSON_SCHEMA = 'https://meta.json-schema.tools';

/** The official schema of OpenRPC documents. It refers to one for JSON Schemas that is not on this
 * machine; what it says about a schema's outside stands here. */
function openRpcCheck(): (document: unknown) => void {
  const ajv = new Ajv({ strict: false, logger: false, allErrors: true });
  const { default: module } = openRpcMetaSchema as unknown as { default?: object };
  const text = JSON.stringify(module ?? openRpcMetaSchema)
    .replaceAll(
      `${JSON_SCHEMA}/#/definitions/JSONSchemaObject/properties/$ref`,
      'https://test.invalid/reference',
    )
    .replaceAll(`"$ref":"${JSON_SCHEMA}"`, '"$ref":"https://test.invalid/schema"');
  ajv.addSchema({ $id: 'https://test.invalid/reference', type: 'string' });
  ajv.addSchema({ $id: 'https://test.invalid/schema', type: ['object', 'boolean'] });
  const { $schema: _, ...schema } = JSON.parse(text);
  const validate = ajv.compile(schema);
  return (document) => assert.ok(validate(document), JSON.stringify(validate.errors, null, 1));
}

const { contract } = rpcApplication({ aborted: [], produced: 0, taken: 0 });

const rich: Contract = application(
  [
    [
      operation('get', {
        doc: 'Finds a parcel.\n\nBy its number.',
        deprecated: 'Use find.',
        errors: ['NotThere'],
        input: { schema: { $ref: '#/$defs/Key' }, stream: false },
        output: { schema: { $ref: '#/$defs/Parcel' }, stream: false },
        examples: [{ name: 'one', doc: 'The first', input: { id: 'a' }, output: { id: 'a' } }],
      }),
      () => null,
    ],
  ],
  {
    contract: {
      name: 'rich',
      doc: 'A rich contract.',
      errors: { NotThere: { code: 'NOT_FOUND', doc: 'There is no such parcel.' } },
      $defs: {
        Key: {
          type: 'object',
          required: ['id'],
          properties: {
            id: { type: 'string', description: 'Its number.' },
            deep: { $ref: '#/$defs/Parcel' },
          },
        },
        Parcel: { type: 'object', properties: { $ref: { enum: ['#/$defs/Key'] } } },
      },
    },
  },
).contract;

test('documents satisfy the official schema of OpenRPC', async () => {
  const check = openRpcCheck();
  for (const contracts of [[contract], [rich], [contract, rich], []]) {
    check(openRpcDocument(contracts, [{ name: 'HTTP', url: 'http://127.0.0.1:7070/rpc' }]));
    check(openRpcDocument(contracts, []));
  }
  assert.throws(() => check({ openrpc: '1.3.2', info: {}, methods: [] }));
  const [kind] = jsonrpc.documents;
  check(JSON.parse(await kind!.create(rich, 'http://127.0.0.1:7070')));
});

test('a document says what a client needs to know', () => {
  const { methods, components } = openRpcDocument([rich], []) as {
    methods: Record<string, unknown>[];
    components: { schemas: Record<string, unknown> };
  };
  assert.deepEqual(methods[0], {
    name: 'test.get',
    summary: 'Finds a parcel.',
    description: 'Finds a parcel.\n\nBy its number.\n\nDeprecated: Use find.',
    tags: [{ name: 'test' }, { name: 'query' }],
    deprecated: true,
    paramStructure: 'either',
    params: [
      {
        name: 'id',
        description: 'Its number.',
        required: true,
        schema: { type: 'string', description: 'Its number.' },
      },
      { name: 'deep', required: false, schema: { $ref: '#/components/schemas/Parcel' } },
    ],
    result: { name: 'result', schema: { $ref: '#/components/schemas/Parcel' } },
    errors: [
      {
        code: -32005,
        message: 'There is no such parcel.',
        data: { code: 'NOT_FOUND', error: 'NotThere' },
      },
    ],
    examples: [
      {
        name: 'one',
        description: 'The first',
        params: [{ name: 'id', value: 'a' }],
        result: { name: 'result', value: { id: 'a' } },
      },
    ],
  });
  assert.deepEqual(Object.keys(components.schemas), ['Key', 'Parcel']);
  const { methods: streams } = openRpcDocument([contract], []) as {
    methods: Record<string, unknown>[];
  };
  const count = streams.find(({ name }) => name === 'test.count');
  assert.deepEqual(count?.['x-stream'], { output: true });
});

test('rpc.discover is for callers whom the hub knows', async (context) => {
  const { rpcUrl } = await startRpcHub(context, {
    hub: { authenticator: { anonymous: 'deny', authenticate: () => LOCAL } },
  });
  const discover = async (headers: Record<string, string>) => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}';
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    const response = await fetch(rpcUrl, { ...init, body });
    return (await response.json()) as { result?: object; error?: { code: number } };
  };
  assert.equal((await discover({})).error?.code, -32016);
  assert.ok((await discover({ authorization: 'Bearer any' })).result !== undefined);
});

test('rpc.discover answers it over HTTP and WebSocket', async (context) => {
  const check = openRpcCheck();
  const { rpcUrl, socketUrl } = await startRpcHub(context);
  const request = '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}';
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: request,
  });
  check(((await response.json()) as { result: unknown }).result);
  const socket = new WebSocket(socketUrl);
  const text = await new Promise<string>((resolve) => {
    socket.addEventListener('open', () => socket.send(request));
    socket.addEventListener('message', (event) => resolve(String(event.data)));
  });
  socket.close();
  check(JSON.parse(text).result);
});
