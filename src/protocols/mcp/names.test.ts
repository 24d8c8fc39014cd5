import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { publishLevels } from '../../hub/subjects/names.ts';
import { subjectText } from '../../model/subject.ts';
import {
  eventFilter,
  eventTemplate,
  eventUri,
  namePattern,
  operationOfTool,
  parseResource,
  streamTemplate,
  subjectMembers,
  toolName,
} from './names.ts';

const name = fc.stringMatching(/^[a-z][A-Za-z0-9]{0,10}\.[a-z][A-Za-z0-9]{0,10}$/);
const level = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' });

describe('names', () => {
  it('of tools are those of operations, both ways', () => {
    fc.assert(
      fc.property(name, (operation) => {
        assert.match(toolName(operation), /^[A-Za-z0-9_]+$/);
        assert.equal(operationOfTool(toolName(operation)), operation);
      }),
    );
  });

  it('of events keep any values of their subject, both ways', () => {
    fc.assert(
      fc.property(name, fc.array(fc.option(level, { nil: undefined })), (event, levels) => {
        const wellFormed = levels.map((text) => text?.toWellFormed());
        const parsed = parseResource(eventUri(event, levels));
        assert.deepEqual([parsed?.kind, parsed?.name], ['events', event]);
        assert.deepEqual(parsed?.levels, wellFormed);
      }),
    );
  });

  it('never throw for text that is none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        parseResource(text);
        parseResource(`polywire://events/a.b/${text}`);
        parseResource(`polywire://streams/a.b?${text}`);
      }),
    );
  });

  it('of events give the filter of exactly the subjects they stand for', () => {
    fc.assert(
      fc.property(level, (text) => {
        const filter = eventFilter('rooms.{room}.celsius', [text])!;
        assert.deepEqual(publishLevels(filter), ['rooms', subjectText([text]), 'celsius']);
      }),
    );
    assert.equal(eventFilter('rooms.{room}.celsius', []), 'rooms.*.celsius');
    assert.equal(eventFilter('rooms.{room}.{unit}', [undefined, 'c']), 'rooms.*.c');
    assert.equal(eventFilter('rooms.{room}.celsius', ['a', 'b']), undefined);
    assert.equal(eventFilter('shop.sold', ['a']), undefined);
    assert.deepEqual(subjectMembers('rooms.{room}.{unit}'), ['room', 'unit']);
  });

  it('of templates are variables of RFC 6570', () => {
    assert.equal(
      eventTemplate('a.b', ['room', 'my-unit']),
      'polywire://events/a.b/{room}/{my%2Dunit}',
    );
    assert.equal(streamTemplate('a.b', ['from', 'to']), 'polywire://streams/a.b{?from,to}');
  });

  it('are matched by patterns, whole', () => {
    const matches = (patterns: string[], text: string): boolean => namePattern(patterns)(text);
    assert.ok(matches(['>'], 'orders.get'));
    assert.ok(matches(['orders.*'], 'orders.get'));
    assert.ok(matches(['orders.>'], 'orders.get'));
    assert.ok(matches(['*.get'], 'orders.get'));
    assert.ok(matches(['a.b', 'orders.get'], 'orders.get'));
    assert.ok(!matches(['orders.g'], 'orders.get'));
    assert.ok(!matches(['*'], 'orders.get'));
    assert.ok(!matches([], 'orders.get'));
    assert.ok(!matches(['orders.*'], 'myorders.get'));
    for (const bad of ['', 'orders.', 'orders.g*', '>.a', '.*', 'a b']) {
      assert.throws(() => namePattern([bad]), { code: 'INVALID_ARGUMENT' }, bad);
    }
  });
});
