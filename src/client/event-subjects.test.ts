import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Contract } from '../model/contract.ts';
import { EventSubjects } from './event-subjects.ts';
import { createClient } from './index.ts';

const contract: Contract = {
  polywire: '1',
  name: 'test',
  version: '1.0.0',
  services: [
    {
      name: 'sensors',
      operations: [],
      events: [{ name: 'read', subject: 'sensors.{room}', schema: {}, scopes: [], examples: [] }],
    },
  ],
  errors: {},
  $defs: {},
};

test('an event has the subject of its payload, and a filter for all of them', () => {
  const subjects = new EventSubjects([contract]);
  assert.equal(subjects.subjectOf('sensors.read', { room: 'a.b' }), 'sensors.a%2Eb');
  assert.equal(subjects.filterOf('sensors.read'), 'sensors.*');
  assert.throws(() => subjects.subjectOf('sensors.read', {}), {
    code: 'INVALID_ARGUMENT',
    message: /sensors\.read.*member "room"/,
  });
  assert.throws(() => subjects.filterOf('sensors.heard'), { code: 'NOT_FOUND' });
});

test('an address that is none is told as it was given', () => {
  assert.throws(
    () => createClient({ url: 'ftp://example.test' }),
    /ftp:\/\/example\.test must begin/,
  );
});
