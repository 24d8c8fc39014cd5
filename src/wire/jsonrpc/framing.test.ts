import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../model/fault.ts';
import { type Framing, framingOf, HeaderFraming, LineFraming, messageText } from './framing.ts';

function splitAt(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let index = 0; start < bytes.length; index++) {
    const size = sizes.length === 0 ? bytes.length : Math.max(1, sizes[index % sizes.length]!);
    parts.push(bytes.subarray(start, start + size));
    start += size;
  }
  return parts;
}

/** Feeds copies that are overwritten afterwards, as a shared read buffer is. */
function readAll(framing: Framing, parts: readonly Buffer[]): string[] {
  const texts: string[] = [];
  const take = (message: Buffer) => texts.push(messageText(message) ?? '(not UTF-8)');
  for (const part of parts) {
    const shared = Buffer.from(part);
    framing.push(shared, take);
    shared.fill(0x7a);
  }
  framing.end(take);
  return texts;
}

const framings = {
  lines: () => new LineFraming(1000),
  headers: () => new HeaderFraming(1000),
};

for (const [name, make] of Object.entries(framings)) {
  test(`${name}: messages come out whole, however the bytes are split`, () => {
    const message = fc
      .jsonValue()
      .map((value) => JSON.stringify(value))
      .filter((text) => text.length < 200);
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 6 }),
        (messages, sizes) => {
          const bytes = Buffer.from(messages.map((text) => make().frame(text)).join(''));
          assert.deepEqual(
            readAll(
              make(),
              [bytes].filter((part) => part.length > 0),
            ),
            messages,
          );
          assert.deepEqual(readAll(make(), splitAt(bytes, [1])), messages);
          assert.deepEqual(readAll(make(), splitAt(bytes, sizes)), messages);
        },
      ),
      { numRuns: 60 },
    );
  });

  test(`${name}: any bytes give messages or a Fault, and hold no more than the limit`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 }),
        (parts) => {
          const framing = make();
          try {
            for (const part of parts) {
              framing.push(Buffer.from(part), () => {});
              assert.ok(framing.heldBytes <= 4096);
            }
            framing.end(() => {});
          } catch (error) {
            assert.ok(error instanceof Fault);
          }
        },
      ),
    );
  });

  test(`${name}: a message past the limit is refused before it is held`, () => {
    const framing = make();
    const bytes = Buffer.from(framing.frame(`"${'x'.repeat(1200)}"`));
    assert.throws(
      () => {
        for (const part of splitAt(bytes, [100])) {
          framing.push(part, () => {});
          assert.ok(framing.heldBytes <= 1000);
        }
      },
      { code: 'RESOURCE_EXHAUSTED' },
    );
  });
}

test('lines: empty lines are skipped, CR LF is accepted, the last line needs no end', () => {
  assert.deepEqual(readAll(new LineFraming(100), [Buffer.from('\n \r\n{"a":1}\r\n\n[2]')]), [
    '{"a":1}\r',
    '[2]',
  ]);
});

test('headers: the example of the Language Server Protocol is read', () => {
  const body = '{"jsonrpc":"2.0","id":1,"method":"textDocument/completion","params":{}}';
  const bytes = Buffer.from(
    `content-LENGTH: ${body.length}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n${body}`,
  );
  assert.deepEqual(readAll(new HeaderFraming(1000), splitAt(bytes, [7])), [body]);
});

test('headers: what makes the length doubtful ends the connection', () => {
  for (const header of [
    'Content-Length: 1\r\nContent-Length: 1\r\n\r\n',
    'Content-Length: -1\r\n\r\n',
    'Content-Length: 0x10\r\n\r\n',
    'Content-Length: 1e3\r\n\r\n',
    'Content-Length:\r\n\r\n',
    'Content-Type: application/json\r\n\r\n',
    'Content-Length: 2\r\nContent-Type: a/b; charset=latin1\r\n\r\n',
    'Content-Length 2\r\n\r\n',
    `X: ${'y'.repeat(5000)}`,
  ]) {
    assert.throws(() => new HeaderFraming(1000).push(Buffer.from(header), () => {}), Fault, header);
  }
});

test('headers: an end within a message is told', () => {
  const framing = new HeaderFraming(1000);
  framing.push(Buffer.from('Content-Length: 10\r\n\r\n{}'), () => {});
  assert.throws(() => framing.end(), /within a message/);
});

test('the framing is known from the first bytes', () => {
  for (const [text, expected] of [
    ['{', 'lines'],
    ['[', 'lines'],
    ['\r\n {"a"', 'lines'],
    ['  ', 'more'],
    ['c', 'more'],
    ['CONTENT-', 'more'],
    ['Content-Length', 'more'],
    ['Content-Length: 5', 'headers'],
    ['content-length : 5', 'headers'],
    ['content-type: x', 'headers'],
    ['content-lengths: 5', undefined],
    ['CONNECT / HTTP/1.1', undefined],
    ['GET / HTTP/1.1', undefined],
    [' Content-Length: 5', undefined],
    ['\u0010\u0012', undefined],
    [' '.repeat(100), undefined],
  ] as const) {
    assert.equal(framingOf(Buffer.from(text)), expected, JSON.stringify(text));
  }
});
