import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonSchema } from '../../model/schema.ts';
import { contractTypes } from './contract-types.ts';
import { type Lock, lockText, parseLock } from './lock.ts';
import { protoText } from './proto-text.ts';
import { contractOf } from './test-contract.ts';

function typesOf(properties: Record<string, JsonSchema>, lock?: Lock) {
  const contract = contractOf({ type: 'object', properties, required: Object.keys(properties) });
  return contractTypes(contract, lock);
}

function numbersOf(properties: Record<string, JsonSchema>, lock?: Lock): Record<string, number> {
  const { input } = typesOf(properties, lock).services.get('all')!.methods.get('get')!;
  return Object.fromEntries(input.fields.map(({ name, number }) => [name, number]));
}

const text = { type: 'string' };
const whole = { type: 'integer' };

describe('numbers of fields', () => {
  const { lock } = typesOf({ a: text, b: whole, c: text });

  it('follow the order of members at first, and stay when the order changes', () => {
    assert.deepEqual(numbersOf({ a: text, b: whole, c: text }), { a: 1, b: 2, c: 3 });
    const changed = { c: text, d: text, a: text, b: whole };
    assert.deepEqual(numbersOf(changed, lock), { c: 3, d: 4, a: 1, b: 2 });
    assert.deepEqual(numbersOf(changed), { c: 1, d: 2, a: 3, b: 4 });
  });

  it('are reserved when their member is gone, and come back with it', () => {
    const without = typesOf({ a: text, c: text }, lock);
    const proto = protoText(without.services.get('all')!.file);
    assert.match(proto, / {2}reserved "b";\n {2}reserved 2; \/\/ b\n/);
    assert.deepEqual(numbersOf({ a: text, c: text, e: text }, without.lock), { a: 1, c: 3, e: 4 });
    assert.deepEqual(numbersOf({ a: text, b: whole, c: text }, without.lock).b, 2);
  });

  it('are new for a member that means something else now', () => {
    const other = typesOf({ a: whole, b: whole, c: text }, lock);
    assert.doesNotMatch(protoText(other.services.get('all')!.file), /reserved "/);
    assert.deepEqual(numbersOf({ a: whole, b: whole, c: text }, lock).a, 4);
    assert.deepEqual(other.lock.types['all.GetRequest']?.reserved, [
      { name: 'a', number: 1, type: 'string' },
    ]);
  });

  it('are kept for values of enums too', () => {
    const first = typesOf({ s: { enum: ['x', 'y'] } });
    const second = typesOf({ s: { enum: ['w', 'y'] } }, first.lock);
    const [type] = second.services.get('all')!.methods.get('get')!.input.enums;
    assert.deepEqual(
      type!.values.map(({ name, number }) => [name, number]),
      [
        ['S_UNSPECIFIED', 0],
        ['S_W', 3],
        ['S_Y', 2],
      ],
    );
    assert.deepEqual(
      type!.reserved.map(({ number }) => number),
      [1],
    );
  });

  it('leave out those that protobuf keeps for itself', () => {
    const full: Lock = {
      polywire: '1',
      contract: 'all',
      types: {
        'all.GetRequest': { numbers: { a: { number: 18_999, type: 'string' } }, reserved: [] },
      },
    };
    assert.deepEqual(numbersOf({ a: text, b: text }, full), { a: 18_999, b: 20_000 });
  });
});

describe('a lock file', () => {
  it('reads back what was written', () => {
    const { lock } = typesOf({ a: text });
    assert.deepEqual(parseLock(lockText(lock)), lock);
  });

  it('is refused with what is wrong with it', () => {
    assert.throws(() => parseLock('{'), /no JSON/);
    assert.throws(() => parseLock('{}'), /"polywire": "1"/);
    const twice = {
      polywire: '1',
      contract: 'all',
      types: {
        'all.T': {
          numbers: { a: { number: 1, type: 'string' } },
          reserved: [{ name: 'b', number: 1, type: 'string' }],
        },
      },
    };
    assert.throws(
      () => parseLock(JSON.stringify(twice)),
      /all\.T gives the number 1 to a and to b/,
    );
    const odd = JSON.stringify(twice).replace('"number":1', '"number":"one"');
    assert.throws(() => parseLock(odd), /all\.T are not in their form/);
  });
});
