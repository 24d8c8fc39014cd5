import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { TestHub } from '../../src/testing/index.ts';
import { framed, lineBytes, startShop } from './grpc-kit.ts';

let hub: TestHub;
before(async () => {
  hub = await startShop();
});
after(() => hub.close());

function post(
  path: string,
  contentType: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(hub.url + path, {
    method: 'POST',
    headers: { 'content-type': contentType, ...headers },
    body: body as string,
  });
}

const bytesOf = async (answer: Response): Promise<Buffer> =>
  Buffer.from(await answer.arrayBuffer());

/** The messages of a body: flags and bytes. */
function messagesOf(body: Buffer): [number, Buffer][] {
  const found: [number, Buffer][] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    found.push([body[at]!, body.subarray(at + 5, end)]);
    at = end;
  }
  return found;
}

describe('gRPC-Web over HTTP/1.1', () => {
  it('puts the trailers into the body', async () => {
    const answer = await post(
      '/shop.Shop/Lines',
      'application/grpc-web+proto',
      framed(lineBytes('x', 2)),
    );
    assert.equal(answer.headers.get('content-type'), 'application/grpc-web+proto');
    const messages = messagesOf(await bytesOf(answer));
    assert.deepEqual(
      messages.map(([flags, bytes]) => [flags, bytes.toString('latin1')]),
      [
        [0, '\n\x01x'],
        [0, '\n\x01x\x10\x01'],
        [0x80, 'grpc-status: 0\r\n'],
      ],
    );
  });

  it('speaks base64, also where pieces were padded by themselves', async () => {
    const frame = framed(lineBytes('text', 1));
    const pieces = [frame.subarray(0, 4), frame.subarray(4, 9), frame.subarray(9)];
    const answer = await post(
      '/shop.Shop/Echo',
      'application/grpc-web-text',
      pieces.map((piece) => piece.toString('base64')).join(''),
    );
    const text = await answer.text();
    const parts = text.split(/(?<==)(?!=)/).map((part) => Buffer.from(part, 'base64'));
    const [first, trailers] = messagesOf(Buffer.concat(parts));
    assert.deepEqual(first, [0, lineBytes('text', 1)]);
    assert.equal(trailers?.[1].toString(), 'grpc-status: 0\r\n');
    const bad = await post('/shop.Shop/Echo', 'application/grpc-web-text', '!!!!');
    const tail = Buffer.from(await bad.text(), 'base64').toString();
    assert.match(tail, /grpc-status: 13\r\n/);
  });

  it('tells faults in the body', async () => {
    const answer = await post(
      '/shop.Shop/Order',
      'application/grpc-web',
      framed(lineBytes('x', 2)),
    );
    const [[flags, bytes]] = messagesOf(await bytesOf(answer)) as [[number, Buffer]];
    assert.equal(flags, 0x80);
    assert.match(bytes.toString(), /^grpc-status: 9\r\ngrpc-message: Nothing is left of it\.\r\n/);
  });
});

describe('Connect over HTTP/1.1', () => {
  it('takes JSON of the contract and of protobuf, and protobuf', async () => {
    for (const json of ['{"text":"a","count":3}', '{"text":"a","count":"3"}']) {
      const answer = await post('/shop.Shop/Echo', 'application/json; charset=utf-8', json, {
        'connect-protocol-version': '1',
      });
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), { text: 'a', count: '3' });
    }
    const answer = await post('/shop.Shop/Echo', 'application/proto', lineBytes('a', 3));
    assert.equal(answer.headers.get('content-type'), 'application/proto');
    assert.deepEqual(await bytesOf(answer), lineBytes('a', 3));
  });

  it('answers queries by GET, and nothing else', async () => {
    const message = encodeURIComponent('{"text":"a","count":"3"}');
    const get = (query: string, method = 'Echo') =>
      fetch(`${hub.url}/shop.Shop/${method}?${query}`);
    const answer = await get(`connect=v1&encoding=json&message=${message}`);
    assert.deepEqual(await answer.json(), { text: 'a', count: '3' });
    const packed = gzipSync(lineBytes('b', 1)).toString('base64url');
    const binary = await get(
      `connect=v1&encoding=proto&base64=1&compression=gzip&message=${packed}`,
    );
    assert.deepEqual(await bytesOf(binary), lineBytes('b', 1));
    assert.equal((await get(`encoding=xml&message=${message}`)).status, 415);
    assert.equal((await get('encoding=json')).status, 400);
    assert.equal((await get(`encoding=json&message=${message}`, 'Order')).status, 405);
  });

  it('tells faults as JSON with a status, and the data of declared errors', async () => {
    const answer = await post('/shop.Shop/Order', 'application/json', '{"text":"a","count":2}');
    assert.equal(answer.status, 400);
    const error = (await answer.json()) as {
      code: string;
      message: string;
      details: { type: string; value: string }[];
    };
    assert.equal(error.code, 'failed_precondition');
    assert.equal(error.message, 'Nothing is left of it.');
    const soldOut = error.details.find(({ type }) => type === 'shop.SoldOut');
    assert.deepEqual(Buffer.from(soldOut!.value, 'base64'), Buffer.from([0x08, 2]));
  });

  const wrong: [string, string, string | Buffer, Record<string, string>, number, string][] = [
    ['no JSON', 'application/json', '{', {}, 400, 'invalid_argument'],
    ['bad protobuf', 'application/proto', Buffer.from([0x0a, 99]), {}, 400, 'invalid_argument'],
    [
      'a version that is not known',
      'application/json',
      '{}',
      { 'connect-protocol-version': '2' },
      400,
      'invalid_argument',
    ],
    [
      'a coding that is not known',
      'application/json',
      '{}',
      { 'content-encoding': 'br' },
      501,
      'unimplemented',
    ],
    [
      'a timeout that is none',
      'application/json',
      '{"text":"a","count":1}',
      { 'connect-timeout-ms': 'soon' },
      400,
      'invalid_argument',
    ],
    [
      'a deadline that has passed',
      'application/json',
      '{"text":"a","count":1}',
      { 'connect-timeout-ms': '0' },
      504,
      'deadline_exceeded',
    ],
    ['an input that does not fit', 'application/json', '{"count":-1}', {}, 400, 'invalid_argument'],
    ['a name that is a trap', 'application/json', '{"__proto__":{}}', {}, 400, 'invalid_argument'],
  ];
  for (const [what, type, body, headers, status, code] of wrong) {
    it(`answers ${what} with ${status} ${code}`, async () => {
      const answer = await post('/shop.Shop/Echo', type, body, headers);
      assert.equal(answer.status, status);
      assert.equal(((await answer.json()) as { code: string }).code, code);
    });
  }

  it('has unknown methods of a known service, and wrong types of messages', async () => {
    const unknown = await post('/shop.Shop/Nowhere', 'application/json', '{}');
    assert.equal(unknown.status, 404);
    assert.equal(((await unknown.json()) as { code: string }).code, 'unimplemented');
    assert.equal((await post('/shop.Shop/Lines', 'application/json', '{}')).status, 415);
    assert.equal((await post('/shop.Shop/Echo', 'application/connect+json', '')).status, 415);
  });

  it('packs large answers', async () => {
    const text = 'polywire'.repeat(1000);
    const answer = await post(
      '/shop.Shop/Echo',
      'application/json',
      gzipSync(JSON.stringify({ text, count: 1 })),
      { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' },
    );
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    assert.deepEqual(await answer.json(), { text, count: '1' });
  });

  it('streams in both forms and ends with an envelope', async () => {
    const answer = await post(
      '/shop.Shop/Lines',
      'application/connect+json',
      framed(Buffer.from('{"text":"x","count":2}')),
    );
    const messages = messagesOf(await bytesOf(answer));
    assert.deepEqual(
      messages.map(([flags, bytes]) => [flags, JSON.parse(bytes.toString()) as unknown]),
      [
        [0, { text: 'x', count: '0' }],
        [0, { text: 'x', count: '1' }],
        [2, {}],
      ],
    );
    const body = Buffer.concat([1, 2, 3].map((count) => framed(lineBytes('x', count))));
    const sum = await post('/shop.Shop/Sum', 'application/connect+proto', body);
    const [first, end] = messagesOf(await bytesOf(sum));
    assert.deepEqual(first, [0, Buffer.from([0x08, 6])]);
    assert.deepEqual(end, [2, Buffer.from('{}')]);
    const packed = await post(
      '/shop.Shop/Sum',
      'application/connect+proto',
      framed(gzipSync(lineBytes('x', 5)), 1),
      { 'connect-content-encoding': 'gzip' },
    );
    assert.deepEqual(messagesOf(await bytesOf(packed))[0], [0, Buffer.from([0x08, 5])]);
  });

  it('tells the fault of a stream in its end', async () => {
    const answer = await post(
      '/shop.Shop/Sum',
      'application/connect+json',
      framed(Buffer.from('{"text":"x","count":-2}')),
    );
    assert.equal(answer.status, 200);
    const [[flags, bytes]] = messagesOf(await bytesOf(answer)) as [[number, Buffer]];
    assert.equal(flags, 2);
    const { error } = JSON.parse(bytes.toString()) as { error: { code: string } };
    assert.equal(error.code, 'invalid_argument');
  });
});
