import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as typebox from 'typebox';
import { Type } from './option-type.ts';

test('option schemas are what typebox would have made', () => {
  const write = (type: typeof Type) =>
    type.Object(
      {
        text: type.String({ minLength: 1, default: 'a' }),
        whole: type.Integer({ minimum: 0 }),
        number: type.Number(),
        flag: type.Boolean({ default: true }),
        level: type.Enum(['low', 'high']),
        either: type.Union([type.Literal('x'), type.Literal(1)], { default: 'x' }),
        list: type.Array(type.String(), { default: [] }),
        free: type.Record(type.String(), type.Integer()),
        maybe: type.Optional(type.String({ writeOnly: true })),
        inner: type.Object({}, { additionalProperties: false }),
      },
      { additionalProperties: false, description: 'd' },
    );
  const canonical = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  const own = canonical(write(Type));
  const theirs = canonical(write(typebox.Type)) as { properties: { inner: object } };
  // An empty object's list of required members is left out there.
  assert.deepEqual(own, {
    ...theirs,
    properties: { ...theirs.properties, inner: { ...theirs.properties.inner, required: [] } },
  });
});
