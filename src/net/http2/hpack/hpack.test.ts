import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerList } from '../../../hub/header-list.ts';
import { ConnectionError } from '../errors.ts';
import type { HeaderField } from '../header-field.ts';
import { Decoder } from './decoder.ts';
import { encodedBlock, encodeFields } from './encoder.ts';
import { huffmanDecode, huffmanEncode, huffmanLength } from './huffman.ts';

const LIMITS = { maxListBytes: 16_384, maxFields: 100 };

function decode(decoder: Decoder, block: string | Uint8Array): string[] {
  const bytes = typeof block === 'string' ? Buffer.from(block, 'hex') : Buffer.from(block);
  const fields: HeaderField[] = [];
  assert.equal(decoder.decode(bytes, 0, bytes.length, fields), true);
  return fields.map((field) => `${field.name}: ${field.value}`);
}

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [
    ':method: GET',
    ':scheme: http',
    ':path: /',
    ':authority: www.example.com',
    'cache-control: no-cache',
  ],
  [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ],
];

test('RFC 7541 appendix C.2: representations', () => {
  const decoder = new Decoder(LIMITS);
  assert.deepEqual(decode(decoder, '400a637573746f6d2d6b65790d637573746f6d2d686561646572'), [
    'custom-key: custom-header',
  ]);
  assert.equal(decoder.tableBytes, 55);
  assert.deepEqual(decode(decoder, '040c2f73616d706c652f70617468'), [':path: /sample/path']);
  assert.deepEqual(decode(decoder, '100870617373776f726406736563726574'), ['password: secret']);
  assert.deepEqual(decode(decoder, '82'), [':method: GET']);
  assert.equal(decoder.tableBytes, 55);
});

test('RFC 7541 appendix C.3 and C.4: requests, plain and in Huffman code', () => {
  for (const blocks of [
    [
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
    [
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
  ]) {
    const decoder = new Decoder(LIMITS);
    assert.deepEqual(
      blocks.map((block) => [decode(decoder, block), decoder.tableBytes]),
      REQUESTS.map((fields, index) => [fields, [57, 110, 164][index]]),
    );
  }
});

test('RFC 7541 appendix C.5 and C.6: responses through a table of 256 bytes', () => {
  const rest = [
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ];
  const last = [
    ':status: 200',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:22 GMT',
    'location: https://www.example.com',
    'content-encoding: gzip',
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ];
  for (const blocks of [
    [
      '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e17' +
        '68747470733a2f2f7777772e6578616d706c652e636f6d',
      '4803333037c1c0bf',
      '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d41' +
        '53444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b20766572736' +
        '96f6e3d31',
    ],
    [
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97' +
        'c8e9ae82ae43d3',
      '4883640effc1c0bf',
      '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd' +
        '5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    ],
  ]) {
    const decoder = new Decoder(LIMITS);
    decoder.setMaxTableBytes(256);
    // The encoder has to say that it shrank its table (section 4.2).
    assert.deepEqual(decode(decoder, `3fe101${blocks[0]}`), [':status: 302', ...rest]);
    assert.equal(decoder.tableBytes, 222);
    assert.deepEqual(decode(decoder, blocks[1]!), [':status: 307', ...rest]);
    assert.deepEqual(decode(decoder, blocks[2]!), last);
    assert.equal(decoder.tableBytes, 215);
  }
});

test('header blocks captured from node:http2 (nghttp2) decode to what was asked', () => {
  const decoder = new Decoder(LIMITS);
  const first = decode(
    decoder,
    '048960f6485b11fe1a480382418b089d5c0b8170dc65b79a77867a8820eb4db61580ae0f4085f2b507aa6fb4df3954' +
      'ed6989d548ec3f8a9494fe54e96d35a143f72d8a2672a940fdfa5243cdf6a002265a6dc75e7d4fffdffeffefff9ff3' +
      'ffbf',
  );
  assert.deepEqual(first.slice(0, 2), [':path: /orders?id=1', ':method: GET']);
  assert.match(first[2]!, /^:authority: 127\.0\.0\.1:\d+$/);
  assert.deepEqual(first.slice(3), [
    ':scheme: http',
    'user-agent: capture/1.0',
    'x-long: The quick brown fox jumps over the lazy dog; 0123456789 {}[]|~',
  ]);
  assert.deepEqual(decode(decoder, '048960f6485b11fe1a480382c086bfbe'), first);
  assert.deepEqual(
    decode(
      decoder,
      '048560f6485b1183c0865f8b1d75d0620d263d4c7441ea1f11821c011f1103623d321f0889ba51d85b1441496153',
    ).slice(4),
    [
      'content-type: application/json',
      'cookie: a=1',
      'cookie: b=2',
      'authorization: Bearer secret',
    ],
  );
  assert.deepEqual(decode(decoder, '048462d4caf782c1864084f2b583f105636166c3a9').slice(4), [
    'x-raw: caf\u00c3\u00a9',
  ]);
});

test('what the encoder writes says the same, and needs no table', () => {
  const character = fc.integer({ min: 0x20, max: 0x2fff }).map((code) => String.fromCharCode(code));
  const value = fc.string({ unit: character, maxLength: 300 });
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), (pairs) => {
      const decoder = new Decoder(LIMITS);
      const decoded = decode(decoder, encodeFields(pairs.flat()));
      assert.deepEqual(
        decoded,
        pairs.map(([name, value]) => `${name}: ${Buffer.from(value).toString('latin1')}`),
      );
      assert.equal(decoder.tableBytes, 0);
    }),
  );
  // Lists are shared with HTTP/1.1, where these may stand.
  const shared = headerList('connection', 'close', 'x-a', 'b', 'keep-alive', 'timeout=1');
  assert.deepEqual(decode(new Decoder(LIMITS), encodedBlock(shared)), ['x-a: b']);
  const list = headerList('content-type', 'application/json');
  assert.equal(encodedBlock(list), encodedBlock(list));
  assert.equal(Buffer.from(encodeFields([':status', '200'])).toString('hex'), '88');
  // Values that proxies must not keep are marked (section 7.1.3).
  assert.equal(encodeFields(['set-cookie', 'a'])[0]! & 0xf0, 0x10);
});

test('every byte survives the Huffman code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      const coded = new Uint8Array(huffmanLength(text));
      assert.equal(huffmanEncode(text, coded, 0), coded.length);
      const target = new Uint8Array(Math.ceil((coded.length * 8) / 5));
      const length = huffmanDecode(coded, 0, coded.length, target);
      assert.deepEqual(target.subarray(0, length), bytes);
    }),
  );
});

test('blocks that break the rules are compression errors', () => {
  const broken = {
    'index 0': '80',
    'index past the tables': 'bf',
    'a size update past our limit': '3fe21f',
    'a size update behind a field': '8220',
    'an integer without end': 'ff',
    'an integer of too many bytes': 'ffffffffffff01',
    'a literal without its name': '40',
    'a name that is cut off': '400a6162',
    'a literal without its value': '400161',
    'padding of more than 7 bits': '400161821fff',
    'padding with zeros': '4001618118',
    'the end-of-string symbol': '40016184ffffffff',
  };
  for (const [what, block] of Object.entries(broken)) {
    const bytes = Buffer.from(block, 'hex');
    assert.throws(
      () => new Decoder(LIMITS).decode(bytes, 0, bytes.length, []),
      (error: unknown) => error instanceof ConnectionError && error.code === 0x9,
      what,
    );
  }
  const shrunk = new Decoder(LIMITS);
  shrunk.setMaxTableBytes(0);
  assert.throws(() => decode(shrunk, '82'), ConnectionError);
});

test('a list past its limits is decoded to its end and dropped', () => {
  // One entry of 4,000 bytes, then a thousand references to it.
  const large = Buffer.concat([
    Buffer.from('4001617fa11e', 'hex'),
    Buffer.alloc(4_000, 'v'),
    Buffer.alloc(1_000, 0xbe),
  ]);
  const decoder = new Decoder(LIMITS);
  const fields: HeaderField[] = [];
  assert.equal(decoder.decode(large, 0, large.length, fields), false);
  assert.ok(fields.length < 5);
  assert.ok(decoder.tableBytes <= 4_096);
  assert.deepEqual(decode(decoder, 'be'), [`a: ${'v'.repeat(4_000)}`]);
  const many = Buffer.alloc(101, 0x82);
  assert.equal(decoder.decode(many, 0, many.length, []), false);
});

test('random blocks decode or are refused, and the table stays within its size', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (blocks) => {
      const decoder = new Decoder(LIMITS);
      try {
        for (const block of blocks) {
          decoder.decode(Buffer.from(block), 0, block.length, []);
          assert.ok(decoder.tableBytes <= 4_096);
        }
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});
