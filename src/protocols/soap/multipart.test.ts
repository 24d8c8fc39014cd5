import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../model/fault.ts';
import { parseMultipart } from './multipart.ts';

const message = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');

describe('a multipart message', () => {
  it('is taken apart; preamble, epilogue and padding are skipped', () => {
    const body = message(
      'preamble\n--b \nContent-ID: <a>\nX: 1\n 2\n\none\n--b\n\n\r--bx\n--b--\nepilogue',
    );
    const parts = parseMultipart(body, 'b', 10);
    assert.deepEqual(
      parts.map(({ headers, body: content }) => [Object.fromEntries(headers), content.toString()]),
      [
        [{ 'content-id': '<a>', x: '1 2' }, 'one'],
        [{}, '\r--bx'],
      ],
    );
  });

  it('that is none is refused', () => {
    for (const text of [
      '',
      '--b',
      '--b\n\nx',
      '--b\n\nx\n--c--',
      '--bx\n\n\n--b--',
      '--b\nno colon\n\n\n--b--',
      '--b\nA: 1\na: 2\n\n\n--b--',
      `--b\n${'x'.repeat(9000)}: 1\n\n\n--b--`,
      `--b\n${Array.from({ length: 33 }, (_, index) => `h${index}: 1`).join('\n')}\n\n\n--b--`,
      '--b\nA: 1\n--b--',
    ]) {
      assert.throws(() => parseMultipart(message(text), 'b', 10), Fault, text.slice(0, 40));
    }
    assert.throws(() => parseMultipart(message('--b\n\n\n--b--'), '', 10), Fault);
    assert.throws(() => parseMultipart(message('--b\n\n\n--b--'), 'b'.repeat(71), 10), Fault);
    assert.throws(() => parseMultipart(message('--b\n\n\n--b\n\n\n--b--'), 'b', 1), /more than 1/);
  });

  it('of any bytes comes back whole', () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(contents, (all) => {
        const pieces = all.flatMap((one) => [Buffer.from('\r\n--boundary\r\nA: b\r\n\r\n'), one]);
        const body = Buffer.concat([...pieces, Buffer.from('\r\n--boundary--')]);
        const parts = parseMultipart(body.subarray(2), 'boundary', 10);
        assert.deepEqual(
          parts.map(({ body: content }) => [...content]),
          all.map((one) => [...one]),
        );
      }),
    );
  });

  it('of random pieces ends in parts or a fault', () => {
    const piece = fc.constantFrom('--b', '\r\n', '--', 'a: b', ' ', '\r\n\r\n', 'x', '\r', '\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (all) => {
        try {
          parseMultipart(Buffer.from(all.join('')), 'b', 5);
        } catch (error) {
          assert.ok(error instanceof Fault, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
