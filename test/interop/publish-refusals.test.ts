import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract, event, implement, service } from '../../src/index.ts';
import { startHub } from '../../src/testing/index.ts';

const Reading = {
  type: 'object',
  properties: { room: { type: 'string' }, celsius: { type: 'number' } },
  required: ['room', 'celsius'],
} as const;

const rooms = contract({
  name: 'rooms',
  version: '1.0.0',
  services: {
    rooms: service({
      operations: {},
      events: { measured: event({ payload: Reading, subject: 'rooms.{room}.celsius' }) },
    }),
  },
});

test('what is published under the subject of an event agrees with it, and is there', async () => {
  await using hub = await startHub(implement(rooms, { rooms: {} }));
  const publish = async (subject: string, body?: string, type?: string) => {
    const response = await fetch(`${hub.url}/publish/${subject}`, {
      method: 'POST',
      headers: type === undefined ? {} : { 'content-type': type },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const json = 'application/json';
  const attic = '{"room":"attic","celsius":21}';
  assert.equal((await publish('rooms/attic/celsius', attic, json)).status, 202);
  const elsewhere = await publish('rooms/cellar/celsius', attic, json);
  assert.equal(elsewhere.status, 400);
  assert.match(elsewhere.text, /its room is not the one in the subject rooms\.cellar\.celsius/);
  // A subject that no contract knows takes anything.
  assert.equal((await publish('rooms/cellar/humidity', attic, json)).status, 202);
  const nothing = await publish('rooms/attic/celsius');
  assert.equal(nothing.status, 400);
  assert.match(nothing.text, /no body/);
  assert.equal((await publish('elsewhere', undefined, 'text/plain')).status, 202);
});

test('QUERY is a method that is known, and served nowhere', async () => {
  await using hub = await startHub(implement(rooms, { rooms: {} }));
  const response = await fetch(`${hub.url}/healthz`, { method: 'QUERY' });
  assert.equal(response.status, 405);
  assert.match(response.headers.get('allow') ?? '', /GET/);
});
