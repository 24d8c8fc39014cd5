import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { subjectLevels } from './subject.ts';
import { SubjectTemplate } from './subject-template.ts';

test('a template gives the subject of a payload and knows which filters it covers', () => {
  const template = new SubjectTemplate('sensors.{room}.{id}');
  assert.equal(template.render({ room: 'a.b', id: 7 }), 'sensors.a%2Eb.7');
  assert.deepEqual(template.filter, ['sensors', '*', '*']);
  assert.throws(() => template.render({ room: 'a' }), /member "id"/);
  assert.throws(() => template.render({ room: {}, id: 1 }), /member "room"/);
  for (const [text, covered] of [
    ['sensors.*.*', true],
    ['sensors.a.b', true],
    ['sensors.*', false],
    ['sensors.>', false],
    ['sensors.a.>', false],
    ['*.a.b', false],
    ['other.a.b', false],
  ] as const) {
    assert.equal(template.covers(text.split('.')), covered, text);
  }
});

test('any text of a member is one level of the subject', () => {
  const template = new SubjectTemplate('a.{id}.%2Ab');
  assert.deepEqual(template.filter, ['a', '*', '%2Ab']);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (id) => {
      assert.deepEqual(subjectLevels(template.render({ id })), ['a', id, '*b']);
    }),
  );
});
