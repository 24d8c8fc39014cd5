import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { FAULT_CODE_NAMES, FAULT_CODES, Fault, faultCodeOfNumber, isFaultCode } from './fault.ts';

test('the codes are the sixteen of google.rpc.Code, in the order of their numbers', () => {
  assert.deepEqual(
    FAULT_CODE_NAMES.map((code) => FAULT_CODES[code].number),
    Array.from({ length: 16 }, (_, index) => index + 1),
  );
  for (const code of FAULT_CODE_NAMES) {
    assert.equal(faultCodeOfNumber(FAULT_CODES[code].number), code);
    assert.ok(isFaultCode(code));
  }
  for (const number of [0, 17, -1, 1.5, Number.NaN]) {
    assert.equal(faultCodeOfNumber(number), 'UNKNOWN');
  }
  assert.equal(isFaultCode('toString'), false);
});

test('a fault survives its JSON form whole', () => {
  const text = fc.option(fc.string(), { nil: undefined });
  fc.assert(
    fc.property(
      fc.constantFrom(...FAULT_CODE_NAMES),
      fc.string(),
      text,
      fc.option(fc.jsonValue(), { nil: undefined }),
      fc.option(fc.nat(), { nil: undefined }),
      (code, message, error, data, retryAfterMs) => {
        const violations = [{ path: '/a', expected: 'x', received: 'y' }];
        const fault = new Fault(code, message, { error, data, retryAfterMs, violations });
        const json = JSON.stringify(fault);
        const back = Fault.fromJSON(JSON.parse(json));
        assert.equal(JSON.stringify(back), json);
        assert.equal(back.retryable, fault.retryable);
      },
    ),
  );
});

test('what is no fault is read as UNKNOWN, whatever it is', () => {
  for (const value of [null, undefined, 7, 'x', [], { code: 'OK' }, { code: 5, message: {} }]) {
    assert.equal(Fault.fromJSON(value).code, 'UNKNOWN');
  }
  fc.assert(
    fc.property(fc.anything(), (value) => {
      assert.ok(Fault.fromJSON(value) instanceof Fault);
    }),
  );
});

test('an unexpected error keeps its text to itself', () => {
  const cause = new Error('password=1');
  const fault = Fault.from(cause);
  assert.equal(fault.code, 'INTERNAL');
  assert.equal(fault.cause, cause);
  assert.ok(!JSON.stringify(fault).includes('password'));
  assert.equal(Fault.from(fault), fault);
});

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
