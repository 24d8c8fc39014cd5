import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { Recorder, readAll } from './frames.test-support.ts';
import { PacketReader } from './frames.ts';
import { MqttError, REASON } from './wire/reasons.ts';

const hex = (text: string) => Buffer.from(text.replace(/\s+/g, ''), 'hex');

/** Packets by the codec of mqtt.js. */
const FROM_MQTT_PACKET: readonly Packet[] = [
  {
    cmd: 'publish',
    topic: 'sensors/ü',
    payload: 'hot',
    qos: 2,
    dup: true,
    retain: true,
    messageId: 7,
    properties: {
      payloadFormatIndicator: true,
      messageExpiryInterval: 4321,
      topicAlias: 100,
      responseTopic: 'answers/1',
      correlationData: Buffer.from([1, 2, 3, 4]),
      userProperties: { test: ['one', 'two'] },
      contentType: 'text/plain',
    },
  },
  { cmd: 'publish', topic: 'a', payload: '', qos: 0, dup: false, retain: false },
  {
    cmd: 'publish',
    topic: 'a',
    payload: 'x'.repeat(200),
    qos: 1,
    dup: false,
    retain: false,
    messageId: 65535,
  },
  { cmd: 'puback', messageId: 2, reasonCode: 16, properties: { reasonString: 'test' } },
  { cmd: 'pubrec', messageId: 3, reasonCode: 0 },
  { cmd: 'pubrel', messageId: 4, reasonCode: 0 },
  { cmd: 'pubcomp', messageId: 5, reasonCode: 146 },
  {
    cmd: 'subscribe',
    messageId: 6,
    properties: { subscriptionIdentifier: 145 },
    subscriptions: [
      { topic: 'a/+/#', qos: 1, nl: true, rap: true, rh: 1 },
      { topic: 'b', qos: 0 },
    ],
  },
  { cmd: 'unsubscribe', messageId: 7, unsubscriptions: ['a/+/#', 'b'] },
  { cmd: 'pingreq' },
  {
    cmd: 'auth',
    reasonCode: 24,
    properties: { authenticationMethod: 'm', authenticationData: Buffer.from('d') },
  },
  { cmd: 'disconnect', reasonCode: 4, properties: { sessionExpiryInterval: 60 } },
];

const STREAM = Buffer.concat(
  FROM_MQTT_PACKET.map((packet) => generate(packet, { protocolVersion: 5 })),
);

test('packets of another codec are read, every field of them', () => {
  const found = readAll([STREAM], 5);
  assert.deepEqual(
    found.map(([name]) => name),
    [
      'publish',
      'publish',
      'publish',
      'ack',
      'ack',
      'ack',
      'ack',
      'subscribe',
      'unsubscribe',
      'ping',
      'auth',
      'disconnect',
    ],
  );
  assert.deepEqual(found[0]![1], {
    topic: 'sensors/ü',
    payload: 'hot',
    qos: 2,
    retain: true,
    duplicate: true,
    packetId: 7,
    properties: {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 4321,
      topicAlias: 100,
      responseTopic: 'answers/1',
      correlationData: Buffer.from([1, 2, 3, 4]),
      userProperties: [
        ['test', 'one'],
        ['test', 'two'],
      ],
      contentType: 'text/plain',
    },
  });
  assert.deepEqual(found[3], ['ack', 4, 2, 16]);
  assert.deepEqual(found[6], ['ack', 7, 5, 146]);
  assert.deepEqual(found[7]![1], {
    packetId: 6,
    properties: { subscriptionIdentifier: 145 },
    subscriptions: [
      { filter: 'a/+/#', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 1 },
      { filter: 'b', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    ],
  });
  assert.deepEqual(found[8]![1], { packetId: 7, filters: ['a/+/#', 'b'] });
  assert.deepEqual(found[11]![1], { reason: 4, properties: { sessionExpiryInterval: 60 } });
});

test('CONNECT of the specification (MQTT 5.0 figure 3-6, with a will of its own)', () => {
  const bytes = hex(`10 37 0004 4D515454 05 CE 000A 05 11 0000000A
    0002 6331 05 18 0000003C 0003 612F62 0002 6869 0005 616C696365 0006 736563726574`);
  bytes[1] = bytes.length - 2;
  const [found] = readAll([bytes], undefined);
  assert.deepEqual(found, [
    'connect',
    {
      version: 5,
      cleanStart: true,
      keepAlive: 10,
      clientId: 'c1',
      will: {
        topic: 'a/b',
        payload: Buffer.from('hi'),
        qos: 1,
        retain: false,
        properties: { willDelayInterval: 60 },
      },
      userName: 'alice',
      password: Buffer.from('secret'),
      properties: { sessionExpiryInterval: 10 },
    },
  ]);
});

test('SUBSCRIBE and UNSUBSCRIBE of the specification (MQTT 3.1.1 figures 3.23 and 3.31)', () => {
  const found = readAll(
    [hex('82 0E 000A 0003 612F62 01 0003 632F64 02'), hex('A2 0C 000A 0003 612F62 0003 632F64')],
    4,
  );
  const subscriptions = [
    ['a/b', 1],
    ['c/d', 2],
  ].map(([filter, qos]) => ({
    filter,
    qos,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  }));
  assert.deepEqual(found, [
    ['subscribe', { packetId: 10, properties: {}, subscriptions }],
    ['unsubscribe', { packetId: 10, filters: ['a/b', 'c/d'] }],
  ]);
});

test('however the bytes are cut, the packets are the same', () => {
  const whole = readAll([STREAM], 5);
  assert.deepEqual(
    readAll(
      Array.from(STREAM, (byte) => Buffer.from([byte])),
      5,
    ),
    whole,
  );
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
      const pieces = at.slice(1).map((end, index) => STREAM.subarray(at[index], end));
      assert.deepEqual(readAll(pieces, 5), whole);
    }),
  );
});

test('while the sink holds nothing is read, and nothing is lost', () => {
  const reader = new PacketReader(1000);
  reader.version = 5;
  const recorder = new Recorder();
  recorder.holding = true;
  for (let at = 0; at < STREAM.length; at += 11) {
    reader.push(STREAM.subarray(at, at + 11), recorder);
  }
  assert.deepEqual(recorder.found, []);
  recorder.holding = false;
  reader.resume(recorder);
  assert.deepEqual(recorder.found, readAll([STREAM], 5));
  assert.equal(reader.heldBytes, 0);
});

const REFUSED: readonly (readonly [
  what: string,
  version: 4 | 5 | undefined,
  bytes: string,
  reason: number,
])[] = [
  ['no CONNECT first', undefined, 'C0 00', REASON.PROTOCOL_ERROR],
  ['a second CONNECT', 5, '10 0D 0004 4D515454 05 02 0000 00 0000', REASON.PROTOCOL_ERROR],
  [
    'another protocol name',
    undefined,
    '10 0C 0004 4D515455 04 02 0000 0000',
    REASON.PROTOCOL_ERROR,
  ],
  [
    'a version that is not spoken',
    undefined,
    '10 0C 0004 4D515454 06 02 0000 0000',
    REASON.UNSUPPORTED_PROTOCOL_VERSION,
  ],
  [
    'the reserved flag of CONNECT',
    undefined,
    '10 0C 0004 4D515454 04 03 0000 0000',
    REASON.MALFORMED_PACKET,
  ],
  [
    'a will QoS without a will',
    undefined,
    '10 0C 0004 4D515454 04 0A 0000 0000',
    REASON.MALFORMED_PACKET,
  ],
  [
    'a will of QoS 3',
    undefined,
    '10 10 0004 4D515454 04 1E 0000 0000 0000 0000',
    REASON.MALFORMED_PACKET,
  ],
  [
    'a password without a user name',
    undefined,
    '10 0E 0004 4D515454 04 42 0000 0000 0000',
    REASON.PROTOCOL_ERROR,
  ],
  [
    'bytes behind CONNECT',
    undefined,
    '10 0D 0004 4D515454 04 02 0000 0000 00',
    REASON.MALFORMED_PACKET,
  ],
  ['QoS 3', 4, '36 05 0001 61 0001', REASON.MALFORMED_PACKET],
  ['a duplicate at QoS 0', 4, '38 03 0001 61', REASON.MALFORMED_PACKET],
  ['packet identifier 0', 4, '32 05 0001 61 0000', REASON.PROTOCOL_ERROR],
  ['a topic longer than its packet', 4, '30 03 0009 61', REASON.MALFORMED_PACKET],
  ['PUBREL without its flag', 4, '60 02 0001', REASON.MALFORMED_PACKET],
  ['SUBSCRIBE without its flag', 4, '80 06 0001 0001 61 00', REASON.MALFORMED_PACKET],
  ['SUBSCRIBE without a filter', 4, '82 02 0001', REASON.PROTOCOL_ERROR],
  ['reserved subscription bits', 4, '82 06 0001 0001 61 04', REASON.MALFORMED_PACKET],
  ['reserved subscription bits of MQTT 5', 5, '82 07 0001 00 0001 61 40', REASON.MALFORMED_PACKET],
  ['retain handling 3', 5, '82 07 0001 00 0001 61 30', REASON.PROTOCOL_ERROR],
  ['subscription identifier 0', 5, '82 09 0001 02 0B00 0001 61 00', REASON.PROTOCOL_ERROR],
  ['a string with U+0000', 4, '82 07 0001 0002 6100 00', REASON.MALFORMED_PACKET],
  ['a string that is no UTF-8', 4, '82 07 0001 0002 C328 00', REASON.MALFORMED_PACKET],
  ['a surrogate in UTF-8', 4, '82 08 0001 0003 EDA080 00', REASON.MALFORMED_PACKET],
  ['a property twice', 5, '30 08 0001 61 04 0101 0101', REASON.PROTOCOL_ERROR],
  ['a property of another packet', 5, '30 09 0001 61 05 1100000001', REASON.MALFORMED_PACKET],
  ['a property that is none', 5, '30 06 0001 61 02 7F00', REASON.MALFORMED_PACKET],
  ['a property cut off', 5, '30 06 0001 61 02 0200', REASON.MALFORMED_PACKET],
  ['properties beyond their packet', 5, '30 05 0001 61 09 01', REASON.MALFORMED_PACKET],
  ['a length of five bytes', 4, '30 FF FF FF FF 01', REASON.MALFORMED_PACKET],
  ['a length with a byte too many', 4, 'C0 80 00', REASON.MALFORMED_PACKET],
  ['PINGREQ with content', 4, 'C0 01 00', REASON.MALFORMED_PACKET],
  ['DISCONNECT with content before MQTT 5', 4, 'E0 01 00', REASON.MALFORMED_PACKET],
  ['a reason code of another packet', 5, '40 03 0001 92', REASON.PROTOCOL_ERROR],
  ['AUTH before MQTT 5', 4, 'F0 00', REASON.PROTOCOL_ERROR],
  ['a packet that servers send', 4, '90 03 0001 00', REASON.PROTOCOL_ERROR],
  ['type 0', 4, '00 00', REASON.PROTOCOL_ERROR],
  ['more than is taken', 4, '30 FF FF 7F', REASON.PACKET_TOO_LARGE],
];

for (const [what, version, bytes, reason] of REFUSED) {
  test(`${what} is refused with 0x${reason.toString(16)}`, () => {
    assert.throws(
      () => readAll([hex(bytes)], version),
      (error: unknown) => error instanceof MqttError && error.reason === reason,
    );
  });
}

test('bytes of any kind are read or refused, and nothing else', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(...FROM_MQTT_PACKET.map((packet) => generate(packet, { protocolVersion: 5 }))),
  );
  const version = fc.constantFrom(undefined, 3, 4, 5);
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.nat(),
      fc.nat(255),
      version,
      (parts, at, value, spoken) => {
        const bytes = Buffer.concat(parts);
        if (bytes.length > 0) bytes[at % bytes.length] = value;
        const read = (pieces: readonly Buffer[]) => {
          try {
            return readAll(pieces, spoken as 3 | 4 | 5 | undefined, 10_000);
          } catch (error) {
            assert.ok(error instanceof MqttError, String(error));
            return error.reason;
          }
        };
        const whole = read([bytes]);
        const split = read(Array.from(bytes, (byte) => Buffer.from([byte])));
        // Where it is refused only a length may make a difference: it is seen before its packet.
        if (typeof whole !== 'number') assert.deepEqual(split, whole);
        else assert.equal(typeof split, 'number');
      },
    ),
    { numRuns: 3000 },
  );
});
