import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../model/fault.ts';
import { Base64Stream } from './base64-stream.ts';
import { acceptsGzip } from './compression.ts';
import { EnvelopeSplitter, envelope, onlyEnvelope } from './envelope.ts';
import { percentEncoded } from './metadata.ts';

const messages = fc.array(
  fc.record({ bytes: fc.uint8Array({ maxLength: 40 }), flags: fc.integer({ min: 0, max: 1 }) }),
  { maxLength: 6 },
);

/** The bytes in pieces, cut where the numbers say. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const end = at + (sizes[index % sizes.length] ?? bytes.length);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });

describe('messages in a body', () => {
  it('are the same however the body is cut', () => {
    fc.assert(
      fc.property(messages, sizes, (all, steps) => {
        const body = Buffer.concat(all.map(({ bytes, flags }) => envelope(bytes, flags)));
        const splitter = new EnvelopeSplitter(100);
        const found = cut(body, steps).flatMap((piece) => splitter.push(piece));
        splitter.end();
        assert.deepEqual(
          found.map(({ bytes, compressed }) => [bytes.toString('hex'), compressed]),
          all.map(({ bytes, flags }) => [Buffer.from(bytes).toString('hex'), flags === 1]),
        );
      }),
    );
  });

  it('are bounded before they have come', () => {
    const head = Buffer.from([0, 0, 0, 0, 101]);
    assert.throws(() => new EnvelopeSplitter(100).push(head), { code: 'RESOURCE_EXHAUSTED' });
    assert.throws(() => onlyEnvelope(head, 100), { code: 'RESOURCE_EXHAUSTED' });
    const splitter = new EnvelopeSplitter(100);
    splitter.push(Buffer.from([0, 0]));
    assert.throws(() => splitter.end(), /in the middle of a message/);
  });

  it('are messages or a fault, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), sizes, (bytes, steps) => {
        try {
          const splitter = new EnvelopeSplitter(100);
          for (const piece of cut(Buffer.from(bytes), steps)) splitter.push(piece);
          splitter.end();
        } catch (error) {
          assert.ok(error instanceof Fault);
        }
      }),
    );
  });
});

describe('base64 in pieces', () => {
  it('is the same however it is cut and padded', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 }),
        sizes,
        (all, steps) => {
          const text = all.map((bytes) => Buffer.from(bytes).toString('base64')).join('');
          const stream = new Base64Stream();
          const found = cut(Buffer.from(text), steps).map((piece) => stream.push(piece));
          stream.end();
          assert.deepEqual(
            Buffer.concat(found),
            Buffer.concat(all.map((bytes) => Buffer.from(bytes))),
          );
        },
      ),
    );
    assert.throws(() => new Base64Stream().push(Buffer.from('a=b=')));
  });
});

it('a text for grpc-message comes back from percent-encoding', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = percentEncoded(text);
      assert.match(encoded, /^[\x20-\x7e]*$/);
      assert.equal(decodeURIComponent(encoded), text);
    }),
  );
});

it('gzip is accepted where it is named with a weight above nothing', () => {
  for (const yes of ['gzip', 'identity,gzip', 'br, gzip;q=0.5', 'deflate,gzip , br']) {
    assert.ok(acceptsGzip(yes), yes);
  }
  for (const no of [undefined, '', 'identity', 'gzip;q=0', 'gzip;q=0.000', 'xgzip', 'gzipx']) {
    assert.ok(!acceptsGzip(no), no);
  }
});
