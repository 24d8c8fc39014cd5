import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../model/fault.ts';
import {
  jsonArraySplitter,
  jsonSequenceSplitter,
  ndjsonLine,
  ndjsonSplitter,
  type ValueSplitter,
} from './ndjson.ts';

function run(splitter: ValueSplitter, bytes: Buffer, size: number): string[] {
  const values: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    // The buffer is overwritten behind each push, as a socket's would be.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    for (const value of splitter.push(piece)) values.push(value.toString('utf8'));
    piece.fill(0x21);
  }
  const last = splitter.end();
  if (last !== undefined) values.push(last.toString('utf8'));
  return values;
}

const faultOf = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;

describe('newline-delimited JSON', () => {
  it('takes CRLF, blank lines and a last line without an end', () => {
    const text = Buffer.from('{"a":1}\r\n\n  \n[2]\n3');
    for (const size of [1, 2, 3, 100]) {
      assert.deepEqual(run(ndjsonSplitter(100), text, size), ['{"a":1}', '[2]', '3']);
    }
  });

  it('refuses a line that is too long before its end has come', () => {
    assert.throws(
      () => ndjsonSplitter(10).push(Buffer.alloc(11, 'x')),
      faultOf('RESOURCE_EXHAUSTED'),
    );
    assert.throws(
      () => run(ndjsonSplitter(10), Buffer.alloc(11, 'x'), 1),
      faultOf('RESOURCE_EXHAUSTED'),
    );
    assert.deepEqual(run(ndjsonSplitter(10), Buffer.from('0123456789\n'), 4), ['0123456789']);
  });

  it('reads back any values, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.integer({ min: 1, max: 40 }), (texts, size) => {
        const bytes = Buffer.from(texts.map((text) => ndjsonLine(JSON.parse(text))).join(''));
        const values = run(ndjsonSplitter(1 << 20), bytes, size);
        assert.deepEqual(
          values.map((text) => JSON.parse(text)),
          texts.map((text) => JSON.parse(text)),
        );
      }),
    );
  });
});

describe('JSON text sequences (RFC 7464)', () => {
  it('are cut at record separators', () => {
    const text = Buffer.from('\x1e{"a":\n1}\n\x1e2\n');
    for (const size of [1, 3, 100]) {
      assert.deepEqual(run(jsonSequenceSplitter(100), text, size), ['{"a":\n1}', '2']);
    }
  });
});

describe('one JSON array as a stream', () => {
  it('gives its elements, however it is cut and indented', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 2 }),
        (values, size, indent) => {
          const bytes = Buffer.from(` ${JSON.stringify(values, null, indent)}\n`);
          const read = run(jsonArraySplitter(1 << 20), bytes, size).map((text) => JSON.parse(text));
          assert.deepEqual(read, JSON.parse(JSON.stringify(values)));
        },
      ),
    );
  });

  it('refuses what is no single array', () => {
    for (const text of ['{}', '[1', '[1]2', '[1,]', '[,1]', '[1,,2]', '', '["a]']) {
      assert.throws(
        () => run(jsonArraySplitter(100), Buffer.from(text), 1),
        faultOf('INVALID_ARGUMENT'),
        text,
      );
    }
    assert.deepEqual(run(jsonArraySplitter(100), Buffer.from('[ ]'), 1), []);
  });

  it('refuses an element that is too long', () => {
    assert.throws(
      () => run(jsonArraySplitter(10), Buffer.from(`["${'x'.repeat(20)}`), 3),
      faultOf('RESOURCE_EXHAUSTED'),
    );
  });
});

describe('any bytes', () => {
  it('are cut alike however they come, or refused as bad input', () => {
    const piece = fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', '\n', '\x1e', ' ', '1', 'é');
    const outcome = (make: (maxBytes: number) => ValueSplitter, bytes: Buffer, size: number) => {
      try {
        return run(make(50), bytes, size).join('|');
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
        return error.code;
      }
    };
    for (const make of [ndjsonSplitter, jsonSequenceSplitter, jsonArraySplitter]) {
      fc.assert(
        fc.property(
          fc.array(piece, { maxLength: 80 }),
          fc.integer({ min: 1, max: 9 }),
          (all, size) => {
            const bytes = Buffer.from(all.join(''));
            assert.equal(
              outcome(make, bytes, size),
              outcome(make, bytes, Math.max(1, bytes.length)),
            );
          },
        ),
        { numRuns: 300 },
      );
    }
  });
});
