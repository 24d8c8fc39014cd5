import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operation } from '../../hub/application.test-support.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { inputSchema, outputForm, outputSchema } from './schemas.ts';

const definitions: Record<string, JsonSchema> = {
  Tree: {
    type: 'object',
    properties: { children: { type: 'array', items: { $ref: '#/$defs/Tree' } } },
  },
  Leaf: { type: 'object', properties: { tree: { $ref: '#/$defs/Tree' } } },
  Either: { anyOf: [{ $ref: '#/$defs/Tree' }, { $ref: '#/$defs/Leaf' }] },
  Colour: { enum: ['red', 'green'] },
  Unused: { type: 'string' },
};

const output = (schema: JsonSchema, stream = false) =>
  operation('test', { output: { schema, stream } });
const input = (schema: JsonSchema, stream = false) =>
  operation('test', { input: { schema, stream } });

describe('schemas of tools', () => {
  it('bring the types that they refer to, and no others', () => {
    const schema = inputSchema(input({ $ref: '#/$defs/Leaf' }), definitions, 10);
    assert.deepEqual(schema, {
      ...(definitions.Leaf as object),
      $defs: { Tree: definitions.Tree },
    });
    const tree = inputSchema(input({ $ref: '#/$defs/Tree' }), definitions, 10);
    assert.deepEqual(tree.$defs, { Tree: definitions.Tree });
    const plain = { type: 'object', properties: {} };
    assert.equal(inputSchema(input(plain), definitions, 10), plain);
  });

  it('are objects at the top, also for a union of objects', () => {
    const schema = inputSchema(input({ $ref: '#/$defs/Either' }), definitions, 10);
    assert.equal(schema.type, 'object');
    assert.deepEqual(Object.keys(schema.$defs as object), ['Leaf', 'Tree']);
    assert.equal(outputForm(output({ $ref: '#/$defs/Either' }), definitions), 'object');
  });

  it('take a stream as a bounded list', () => {
    const schema = inputSchema(input({ $ref: '#/$defs/Colour' }, true), definitions, 7);
    const { items } = schema.properties as { items: { maxItems: number; items: unknown } };
    assert.deepEqual([items.maxItems, items.items], [7, { $ref: '#/$defs/Colour' }]);
    assert.deepEqual(schema.$defs, { Colour: definitions.Colour });
  });

  it('wrap what is no object, and leave out what is nothing', () => {
    for (const schema of [
      { type: 'array' },
      { type: 'string' },
      { $ref: '#/$defs/Colour' },
      { type: ['object', 'null'] },
      { anyOf: [{ type: 'object' }, { type: 'null' }] },
      true,
      {},
    ]) {
      assert.equal(outputForm(output(schema), definitions), 'wrapped', JSON.stringify(schema));
      const { properties } = outputSchema(output(schema), definitions)!;
      assert.deepEqual(properties, { result: schema });
    }
    assert.equal(outputSchema(output({ type: 'null' }), definitions), undefined);
    assert.equal(outputForm(output({ type: 'null' }, true), definitions), 'items');
  });
});
