import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matches } from '../../hub/streams/filters.ts';
import { filterLevels, publishLevels } from '../../hub/subjects/names.ts';
import { subjectLevels, subjectText } from '../../model/subject.ts';
import { checkTopic, parseFilter, subjectOfTopic, topicOfSubject } from './names.ts';
import { MqttError } from './wire/reasons.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom(
      '/',
      '+',
      '#',
      '%',
      '2',
      '5',
      'F',
      'B',
      '3',
      '0',
      '.',
      '*',
      '>',
      ' ',
      '\0',
      'ü',
    ),
  }),
);
const level = text.map((value) => value.toWellFormed());
const topicLevel = level.map((value) => value.replace(/[/+#\0]/g, ''));
const topic = fc
  .array(topicLevel, { minLength: 1, maxLength: 6 })
  .map((levels) => levels.join('/'))
  .filter((one) => one !== '');

test('every subject has a topic, and the topic leads back to it', () => {
  fc.assert(
    fc.property(fc.array(level, { minLength: 1, maxLength: 6 }), (levels) => {
      const subject = subjectText(levels);
      fc.pre(subject !== '');
      const name = topicOfSubject(subject);
      checkTopic(name);
      assert.ok(!name.includes('\0'));
      assert.deepEqual(subjectLevels(subjectOfTopic(name)), levels);
    }),
    { numRuns: 3000 },
  );
});

test('every topic has a subject that the hub takes, and the subject leads back to it', () => {
  fc.assert(
    fc.property(topic, (name) => {
      const subject = subjectOfTopic(name);
      assert.equal(publishLevels(subject).length, name.split('/').length);
      assert.equal(topicOfSubject(subject), name);
    }),
    { numRuns: 3000 },
  );
});

test('plain names stay plain', () => {
  assert.equal(subjectOfTopic('sensors/dev1/temp'), 'sensors.dev1.temp');
  assert.equal(topicOfSubject('orders.placed'), 'orders/placed');
  assert.equal(topicOfSubject(subjectText(['a/b'])), 'a%2Fb');
  assert.equal(topicOfSubject(subjectText(['%2F'])), '%252F');
  assert.equal(subjectOfTopic('100%'), '100%25');
});

/** MQTT 5.0 section 4.7, as plainly as it can be written. */
function mqttMatches(filter: string, name: string): boolean {
  if (name.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const levels = name.split('/');
  for (let index = 0; ; index++) {
    if (wanted[index] === '#') return true;
    if (index === wanted.length || index === levels.length) {
      return index === levels.length && (index === wanted.length || wanted[index] === '#');
    }
    if (wanted[index] !== '+' && wanted[index] !== levels[index]) return false;
  }
}

test('a filter matches in the hub what it matches in MQTT, and nothing twice', () => {
  const small = fc.constantFrom('a', 'b', '', '$x');
  const name = fc
    .array(small, { minLength: 1, maxLength: 4 })
    .map((levels) => levels.join('/'))
    .filter((one) => one !== '');
  const filter = fc
    .tuple(
      fc.array(fc.oneof(small, fc.constant('+')), { maxLength: 3 }),
      fc.constantFrom('a', '+', '#', ''),
    )
    .map(([head, last]) => [...head, last].join('/'))
    .filter((one) => one !== '');
  fc.assert(
    fc.property(filter, name, (one, published) => {
      const { filters, hidesSystem } = parseFilter(one, true);
      const subject = subjectOfTopic(published);
      const levels = publishLevels(subject);
      const found = filters.filter((own) => matches(filterLevels(own), levels)).length;
      const seen = hidesSystem && subject.startsWith('$') ? 0 : found;
      assert.equal(seen, mqttMatches(one, published) ? 1 : 0);
    }),
    { numRuns: 3000 },
  );
});

test('filters that are none are refused', () => {
  for (const bad of [
    '',
    'a/#/b',
    'a#',
    '#a',
    'a/b+',
    '+a/b',
    '$share//a',
    '$share/g',
    '$share/g/',
    '$share/+/a',
  ]) {
    assert.throws(() => parseFilter(bad, true), MqttError, bad);
  }
  for (const good of ['#', '+', '/', '/#', '+/+', 'a/+/#', '$SYS/#', '$share/g/a/#', 'a b']) {
    parseFilter(good, true);
  }
  assert.equal(parseFilter('$share/g/a/#', true).share, 'g');
  assert.equal(parseFilter('$share/g/a/#', false).share, undefined);
});

test('topic names with wildcards, without characters or with too many are refused', () => {
  for (const bad of ['', 'a/+', '#', 'a'.repeat(4097), '/'.repeat(128)]) {
    assert.throws(() => checkTopic(bad), MqttError);
  }
});
