import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from './fault.ts';

test('a fault of another copy of the package is a fault, with all it says', async () => {
  const copy = (await import(`${new URL('./fault.ts', import.meta.url).href}?copy`)) as {
    readonly Fault: typeof Fault;
  };
  assert.notEqual(copy.Fault, Fault);
  const thrown: unknown = new copy.Fault('NOT_FOUND', 'Not here.', { error: 'Missing' });
  assert.ok(thrown instanceof Fault);
  assert.equal(Fault.from(thrown), thrown);
});

test('other errors are no faults, and a fault is no subclass of its own', () => {
  class Special extends Fault {}
  assert.ok(!(new Error('x') instanceof Fault));
  assert.ok(!(Object('x') instanceof Fault));
  assert.ok(!(new Fault('INTERNAL', 'x') instanceof Special));
  assert.ok(new Special('INTERNAL', 'x') instanceof Special);
  assert.ok(new Special('INTERNAL', 'x') instanceof Fault);
});
