import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { TestHub } from '../../src/testing/index.ts';
import { framed, lineBytes, raw, startShop } from './grpc-kit.ts';

let hub: TestHub;
before(async () => {
  hub = await startShop({ config: { protocols: { grpc: { maxMessageBytes: 65_536 } } } });
});
after(() => hub.close());

const echo = (body: Uint8Array, headers?: Record<string, string>) =>
  raw(hub.url, '/shop.Shop/Echo', body, headers);

describe('gRPC on the wire', () => {
  it('answers a unary call with head, message and trailers', async () => {
    const answer = await echo(framed(lineBytes('hello', 3)));
    assert.equal(answer.headers[':status'], 200);
    assert.equal(answer.headers['content-type'], 'application/grpc');
    assert.deepEqual(answer.body, framed(lineBytes('hello', 3)));
    assert.equal(answer.trailers['grpc-status'], '0');
  });

  it('keeps the message type of the request in the content type', async () => {
    const answer = await echo(framed(Buffer.from('{"text":"a","count":"1"}')), {
      'content-type': 'application/grpc+json',
    });
    assert.equal(answer.headers['content-type'], 'application/grpc+json');
    assert.deepEqual(JSON.parse(answer.body.subarray(5).toString()), { text: 'a', count: '1' });
  });

  it('tells a fault that comes before any message without a body', async () => {
    const answer = await raw(hub.url, '/shop.Shop/Order', framed(lineBytes('ä', 1)));
    assert.equal(answer.body.length, 0);
    assert.equal(answer.headers['grpc-status'], '9');
    assert.equal(answer.headers['grpc-message'], 'Nothing is left of it.');
    assert.ok(answer.headers['grpc-status-details-bin']);
  });

  it('percent-encodes what a header cannot hold', async () => {
    const answer = await raw(hub.url, '/shop.Shop/Gr%C3%BCezi', framed(Buffer.alloc(0)));
    assert.equal(answer.status, 12);
    assert.match(String(answer.headers['grpc-message']), /^There is no method [\x20-\x7e]*%25/);
  });

  const wrong: [string, Buffer, number, Record<string, string>?][] = [
    ['no message at all', Buffer.alloc(0), 12],
    ['two messages', Buffer.concat([framed(lineBytes('a', 1)), framed(lineBytes('b', 1))]), 12],
    ['a message that is cut off', framed(lineBytes('hello', 1)).subarray(0, 9), 13],
    ['a head that is cut off', Buffer.from([0, 0]), 13],
    ['unknown flags', framed(lineBytes('a', 1), 4), 13],
    ['a field that is cut off', framed(Buffer.from([0x0a, 200])), 13],
    ['text that is not UTF-8', framed(Buffer.from([0x0a, 2, 0xc3, 0x28])), 13],
    ['a message past the limit', framed(Buffer.alloc(70_000)), 8],
    ['a length past the limit', Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), 8],
    ['a compressed message without a coding', framed(gzipSync(lineBytes('a', 1)), 1), 13],
    ['a coding that nobody knows', framed(lineBytes('a', 1)), 12, { 'grpc-encoding': 'br' }],
    ['no gzip', framed(Buffer.from('no gzip'), 1), 13, { 'grpc-encoding': 'gzip' }],
    [
      'a compression bomb',
      framed(gzipSync(Buffer.alloc(10_000_000)), 1),
      8,
      { 'grpc-encoding': 'gzip' },
    ],
    ['a timeout that is none', framed(lineBytes('a', 1)), 3, { 'grpc-timeout': '1x' }],
    ['a timeout that has passed', framed(lineBytes('a', 1)), 4, { 'grpc-timeout': '0m' }],
    ['an input that does not fit', framed(Buffer.from([0x10, ...Array(9).fill(0xff), 1])), 3],
  ];
  for (const [what, body, status, headers] of wrong) {
    it(`answers ${what} with status ${status}`, async () => {
      const answer = await echo(body, headers);
      assert.equal(answer.headers[':status'], 200);
      assert.equal(answer.status, status, String(answer.headers['grpc-message']));
    });
  }

  it('passes over fields that it does not know', async () => {
    const unknown = Buffer.from([0x78, 1, 0x82, 1, 2, 9, 9, 0x8d, 1, 0, 0, 0, 0]);
    const answer = await echo(framed(Buffer.concat([unknown, lineBytes('a', 1)])));
    assert.deepEqual(answer.body, framed(lineBytes('a', 1)));
  });

  it('unpacks requests, and packs large answers for who accepts it', async () => {
    const text = 'a'.repeat(100);
    const packed = await echo(framed(gzipSync(lineBytes(text, 1)), 1), {
      'grpc-encoding': 'gzip',
      'grpc-accept-encoding': 'identity,deflate,gzip',
    });
    assert.deepEqual(packed.body, framed(lineBytes(text, 1)), 'small answers stay as they are');
    const long = 'polywire'.repeat(1000);
    const message = Buffer.concat([
      Buffer.from([0x0a, 0xc0, 0x3e]),
      Buffer.from(long),
      Buffer.from([0x10, 1]),
    ]);
    const answer = await echo(framed(message), { 'grpc-accept-encoding': 'gzip' });
    assert.equal(answer.headers['grpc-encoding'], 'gzip');
    assert.equal(answer.body[0], 1);
    assert.deepEqual(gunzipSync(answer.body.subarray(5)), message);
    const plain = await echo(framed(message));
    assert.deepEqual(plain.body, framed(message));
  });

  it('carries metadata in both directions, binary values too', async () => {
    const answer = await raw(hub.url, '/shop.Shop/Headers', framed(Buffer.alloc(0)), {
      'x-question': 'why',
      'x-raw-bin': Buffer.from([1, 2, 255, 4]).toString('base64').replace(/=+$/, ''),
    });
    assert.equal(answer.status, 0, 'a handler cannot set what is the protocol’s');
    assert.equal(answer.headers['x-answer'], 'gr%C3%BCezi');
    assert.equal(answer.headers['x-bytes-bin'], 'AAEC');
    const text = answer.body.toString('latin1');
    assert.ok(text.includes('why') && text.includes('AQL/BA=='));
  });

  it('refuses integers that JSON would change, and keeps those that are text', async () => {
    const large = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    const numbers = (field: number) =>
      raw(hub.url, '/shop.Shop/Numbers', framed(Buffer.concat([Buffer.from([field]), large])));
    const refused = await numbers(0x08);
    assert.equal(refused.status, 3);
    assert.match(decodeURIComponent(String(refused.headers['grpc-message'])), /2\^53/);
    const kept = await numbers(0x10);
    assert.ok(kept.body.toString().includes('9223372036854775807'));
  });

  it('sends clients of HTTP/1.1 away', async () => {
    const answer = await fetch(`${hub.url}/shop.Shop/Echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc' },
      body: framed(lineBytes('a', 1)),
    });
    assert.equal(answer.status, 505);
  });

  it('answers other content types with 415 and what it takes', async () => {
    const answer = await echo(Buffer.from('x'), { 'content-type': 'text/plain' });
    assert.equal(answer.headers[':status'], 415);
    assert.match(String(answer.headers['accept-post']), /application\/grpc,/);
  });
});
