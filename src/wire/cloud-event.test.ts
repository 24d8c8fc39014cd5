import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../model/message.ts';
import { cloudEventOf, isJsonType } from './cloud-event.ts';

function message(parts: Partial<Message>): Message {
  return {
    subject: 'orders.placed',
    key: undefined,
    headers: [],
    payload: Buffer.from('{"a":1}'),
    contentType: 'application/json',
    timeMs: 0,
    id: 'm1',
    source: 'rest',
    trace: undefined,
    ...parts,
  };
}

describe('messages as CloudEvents', () => {
  it('say what the message says', () => {
    assert.deepEqual(cloudEventOf(message({})), {
      specversion: '1.0',
      id: 'm1',
      source: 'urn:polywire:rest',
      type: 'orders.placed',
      subject: 'orders.placed',
      time: '1970-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      data: { a: 1 },
    });
  });

  it('keep the attributes that the publisher gave, but not the message’s own', () => {
    const event = cloudEventOf(
      message({
        headers: [
          ['ce-type', 'com.example'],
          ['CE-Region', 'north'],
          ['ce-id', 'other'],
          ['ce-specversion', '0.3'],
          ['note', 'x'],
        ],
      }),
    );
    assert.equal(event.type, 'com.example');
    assert.equal(event.region, 'north');
    assert.equal(event.id, 'm1');
    assert.equal(event.specversion, '1.0');
    assert.equal(event.note, undefined);
  });

  it('carry text as text, and as base64 what is no text or no JSON', () => {
    const text = cloudEventOf(message({ payload: Buffer.from('hi'), contentType: 'text/plain' }));
    assert.equal(text.data, 'hi');
    const binary = cloudEventOf(message({ payload: Buffer.from([0xff]), contentType: undefined }));
    assert.equal(binary.data_base64, '/w==');
    assert.equal(binary.data, undefined);
    const broken = cloudEventOf(message({ payload: Buffer.from('{') }));
    assert.equal(broken.data_base64, 'ew==');
  });

  it('have a valid time, whatever the message says', () => {
    for (const timeMs of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e20]) {
      assert.match(cloudEventOf(message({ timeMs })).time, /^\d{4}-\d\d-\d\dT/);
    }
  });

  it('know JSON types', () => {
    for (const type of ['application/json', 'application/x+json; charset=utf-8', 'text/JSON']) {
      assert.equal(isJsonType(type), true, type);
    }
    for (const type of [undefined, 'text/plain', 'application/jsonp', 'text/plain; x=a/json']) {
      assert.equal(isJsonType(type), false, type);
    }
  });
});
