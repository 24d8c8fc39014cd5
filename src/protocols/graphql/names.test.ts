import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distinctNames, enumValueNames, isName, rootFieldName } from './names.ts';

const texts = fc.uniqueArray(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('a-b', 'a_b', 'a_b_2', '_', '__', '1', ''),
  ),
  { maxLength: 8 },
);

test('any texts get names that are valid and all different; names stay as they are', () => {
  fc.assert(
    fc.property(texts, (given) => {
      const names = distinctNames(given);
      assert.equal(new Set(names).size, given.length);
      for (const [index, name] of names.entries()) {
        assert.ok(isName(name), name);
        if (isName(given[index]!)) assert.equal(name, given[index]);
      }
    }),
  );
});

test('values of an enumeration have names only where each can be told and read', () => {
  assert.deepEqual(enumValueNames(['a', 'in-transit', '2nd']), ['a', 'in_transit', '_2nd']);
  for (const values of [['a-b', 'a_b'], ['true'], ['<', '>'], ['ä'], [''], ['null', 'x']]) {
    assert.equal(enumValueNames(values), undefined, values.join());
  }
});

test('a root field is the operation in one word', () => {
  assert.equal(rootFieldName('orders.getAll'), 'ordersGetAll');
});
