import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { detectHttp1, detectHttp2, detectTls, MAX_DETECT_BYTES } from './detect.ts';
import { type Candidate, Incoming } from './incoming.ts';
import type { StreamConnection } from './stream-connection.ts';

const detectors = { http1: detectHttp1, http2: detectHttp2, tls: detectTls };

function all(text: string): Record<string, string> {
  const bytes = Buffer.from(text, 'latin1');
  return Object.fromEntries(
    Object.entries(detectors).map(([name, detect]) => [name, detect(bytes)]),
  );
}

test('first bytes tell the protocols apart', () => {
  assert.deepEqual(all('GET / HTTP/1.1'), { http1: 'match', http2: 'no', tls: 'no' });
  assert.deepEqual(all('\r\n\r\nPOST /'), { http1: 'match', http2: 'no', tls: 'no' });
  assert.deepEqual(all('M-SEARCH * '), { http1: 'match', http2: 'no', tls: 'no' });
  assert.deepEqual(all('P'), { http1: 'more', http2: 'more', tls: 'no' });
  assert.equal(all('PRI * HTTP/2.0\r\n').http2, 'more');
  assert.equal(all('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n').http2, 'match');
  assert.deepEqual(all('PRI * HTTP/2.0'), { http1: 'more', http2: 'more', tls: 'no' });
  assert.deepEqual(all('PRI * HTTP/1.1'), { http1: 'match', http2: 'no', tls: 'no' });
  assert.deepEqual(all('\x16'), { http1: 'no', http2: 'no', tls: 'more' });
  assert.deepEqual(all('\x16\x03\x01'), { http1: 'no', http2: 'no', tls: 'match' });
  assert.deepEqual(all('\x16\x04'), { http1: 'no', http2: 'no', tls: 'no' });
  for (const other of [
    '{"jsonrpc"',
    'Content-Length: 3',
    '\x10\x0c\0\x04MQTT',
    'AMQP\0\0\x09\x01',
    '\0\0\0\x1a',
    ' GET /',
    '\n',
    'A'.repeat(30),
  ]) {
    assert.deepEqual(all(other), { http1: 'no', http2: 'no', tls: 'no' }, other);
  }
});

test('more bytes never take a decision back', () => {
  const prefix = fc.constantFrom('', 'GET', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r', '\x16\x03', '\r\n');
  fc.assert(
    fc.property(prefix, fc.uint8Array({ minLength: 1, maxLength: 40 }), (text, tail) => {
      const bytes = Buffer.concat([Buffer.from(text, 'latin1'), tail]);
      for (const detect of Object.values(detectors)) {
        let settled: string | undefined;
        for (let length = 1; length <= bytes.length; length++) {
          const found = detect(bytes.subarray(0, length));
          if (settled !== undefined) assert.equal(found, settled);
          if (found !== 'more') settled = found;
        }
      }
    }),
  );
});

test('whatever comes, a connection is known or refused, and holds a bounded number of bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 4_000 }), { maxLength: 12 }),
      (pieces) => {
        const ends: (string | undefined)[] = [];
        let taken: Buffer | undefined;
        let destroyed = false;
        const connection = { destroy: () => (destroyed = true) } as unknown as StreamConnection;
        const undecided: Candidate = { name: 'x', detect: () => 'more', take() {} };
        const candidates: Candidate[] = Object.entries(detectors).map(([name, detect]) => ({
          name,
          detect,
          take: (_, bytes) => (taken = Buffer.from(bytes)),
        }));
        const incoming = new Incoming(connection, [...candidates, undecided], 0, (_, refused) =>
          ends.push(refused),
        );
        let sent = 0;
        for (const piece of pieces) {
          if (ends.length > 0) break;
          incoming.data(Buffer.from(piece));
          sent += piece.length;
          assert.ok(ends.length > 0 || sent <= MAX_DETECT_BYTES);
        }
        assert.ok(ends.length <= 1);
        if (ends.length === 1) assert.equal(destroyed, taken === undefined);
        incoming.closed();
        assert.equal(ends.length, 1);
      },
    ),
  );
});
