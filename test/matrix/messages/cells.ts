import assert from 'node:assert/strict';
import { until } from '../../interop/until.ts';
import type { Got, Publisher, Receiver, Sent } from './driver.ts';

const WITHIN_MS = 15_000;

export interface MessageCell {
  readonly name: string;
  run(publisher: Publisher, receiver: Receiver, subject: string): Promise<void>;
}

function plain(payload: string, key?: string): Sent {
  return {
    key,
    headers: [],
    payload: Buffer.from(payload),
    contentType: 'text/plain; charset=utf-8',
  };
}

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const PER_KEY = 30;
/** The last of each key: when all are there, nothing can still be on its way. */
const LAST = 'last';

const numbered: readonly Sent[] = Array.from({ length: KEYS.length * PER_KEY }, (_, index) => {
  const key = KEYS[index % KEYS.length]!;
  return plain(`${key} ${Math.floor(index / KEYS.length)}`, key);
});
const lasts: readonly Sent[] = KEYS.map((key) => plain(`${key} ${LAST}`, key));

/** Waits for the last of every key, then asserts that each key has all of its own, once, in order. */
async function assertInOrder(got: readonly Got[]): Promise<void> {
  const texts = () => got.map(({ payload }) => payload.toString());
  const missing = () => KEYS.filter((key) => !texts().includes(`${key} ${LAST}`));
  await until('the last message of every key', () => missing().length === 0, WITHIN_MS);
  for (const key of KEYS) {
    const own = texts().filter((text) => text.startsWith(`${key} `));
    const wanted = [...Array(PER_KEY).keys(), LAST].map((number) => `${key} ${number}`);
    assert.deepEqual(own, wanted);
  }
}

/** Receives while it is published, or after it. */
async function exchange(
  publisher: Publisher,
  receiver: Receiver,
  subject: string,
  messages: readonly Sent[],
): Promise<Got[]> {
  const got: Got[] = [];
  const receiving = await receiver.receive(subject, (message) => got.push(message));
  try {
    await publisher.publish(subject, messages);
    await until(`${messages.length} messages`, () => got.length >= messages.length, WITHIN_MS);
  } finally {
    await receiving.stop();
  }
  return got;
}

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

/** One key, so that all lie in one partition and come in their order. */
const payloads: readonly Sent[] = [
  { contentType: 'application/json', payload: Buffer.from('{"n":1,"text":"ä € 𝄞 \u2028"}') },
  { contentType: 'text/plain; charset=utf-8', payload: Buffer.from('Grüße\r\nand "more" 𝄞') },
  { contentType: 'application/octet-stream', payload: EVERY_BYTE },
  { contentType: 'image/png', payload: Buffer.alloc(100_000, EVERY_BYTE) },
  { contentType: 'text/plain; charset=utf-8', payload: Buffer.alloc(0) },
].map((message) => ({ key: 'k', headers: [], ...message }));

export const MESSAGE_CELLS: readonly MessageCell[] = [
  {
    name: 'live, in order',
    async run(publisher, receiver, subject) {
      const got: Got[] = [];
      const receiving = await receiver.receive(subject, (message) => got.push(message));
      try {
        for (let at = 0; at < numbered.length; at += 70) {
          await publisher.publish(subject, numbered.slice(at, at + 70));
        }
        await publisher.publish(subject, lasts);
        await assertInOrder(got);
      } finally {
        await receiving.stop();
      }
    },
  },
  {
    name: 'replay, in order',
    async run(publisher, receiver, subject) {
      await publisher.publish(subject, numbered);
      await publisher.publish(subject, lasts);
      const got: Got[] = [];
      const receiving = await receiver.receive(subject, (message) => got.push(message));
      try {
        await assertInOrder(got);
      } finally {
        await receiving.stop();
      }
    },
  },
  {
    name: 'bytes',
    async run(publisher, receiver, subject) {
      const got = await exchange(publisher, receiver, subject, payloads);
      assert.equal(got.length, payloads.length);
      for (const [index, { payload, contentType }] of payloads.entries()) {
        assert.equal(got[index]!.contentType, contentType);
        assert.ok(
          payload.equals(got[index]!.payload),
          `the payload of ${contentType} came changed`,
        );
      }
    },
  },
  {
    name: 'keys',
    async run(publisher, receiver, subject) {
      const keys = ['plain', 'with.dots/and spaces', 'ä', undefined];
      const messages = keys.map((key, index) => plain(String(index), key));
      const got = await exchange(publisher, receiver, subject, messages);
      const found = keys.map((_, index) => got.find(({ payload }) => `${payload}` === `${index}`));
      assert.deepEqual(
        found.map((message) => message?.key),
        keys.map((key) => key ?? null),
      );
    },
  },
  {
    name: 'headers',
    async run(publisher, receiver, subject) {
      const headers = [
        ['shift', 'early'],
        ['trail', 'a, b;c="d"'],
        ['empty', ''],
      ] as const;
      const message = { ...plain('x', 'k'), headers };
      const [got] = await exchange(publisher, receiver, subject, [message]);
      assert.deepEqual(got?.headers, headers);
    },
  },
];
