import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FAULT_CODE_NAMES, Fault } from '../../model/fault.ts';
import {
  errorText,
  idText,
  idTextOf,
  isResponse,
  parseRpc,
  requestFault,
  resultText,
} from './codec.ts';
import {
  faultCodeOfRpcCode,
  faultOfRpcError,
  INVALID_REQUEST,
  PARSE_ERROR,
  RPC_CODES,
  RpcFault,
  rpcErrorOf,
} from './faults.ts';

test('ids go back exactly as they came, whatever their size and form', () => {
  for (const id of [
    '1',
    '0',
    '-7',
    '1.5',
    '12345678901234567890',
    '-98765432109876543210.25',
    '1e400',
    '"a\\"b"',
    '"\\u00e9"',
    'null',
  ]) {
    const request = parseRpc(`{"jsonrpc":"2.0","method":"m","id":${id}}`);
    assert.equal(requestFault(request), undefined, id);
    const text = resultText(idTextOf(request), 1);
    const expected = id === '"\\u00e9"' ? '"é"' : id;
    assert.equal(text, `{"jsonrpc":"2.0","id":${expected},"result":1}`);
  }
});

test('exact ids are found in batches, and members named id elsewhere stay numbers', () => {
  const batch = parseRpc(
    '[{"jsonrpc":"2.0","method":"m","id":1.25,"params":{"id":2.5}},{"jsonrpc":"2.0","method":"m","id":7}]',
  ) as { id: unknown; params?: unknown }[];
  assert.equal(idText(batch[0]!.id), '1.25');
  assert.deepEqual(batch[0]!.params, { id: 2.5 });
  assert.equal(batch[1]!.id, 7);
});

test('what is no request object is refused as -32600 and says why', () => {
  for (const [value, why] of [
    [1, /object/],
    ['x', /object/],
    [null, /null/],
    [[], /array/],
    [{}, /jsonrpc/],
    [{ jsonrpc: '1.0', method: 'm' }, /"1.0"/],
    [{ jsonrpc: '2.0' }, /method/],
    [{ jsonrpc: '2.0', method: 1 }, /method/],
    [{ jsonrpc: '2.0', method: 'm', params: 'bar' }, /params/],
    [{ jsonrpc: '2.0', method: 'm', params: null }, /params/],
    [{ jsonrpc: '2.0', method: 'm', id: {} }, /id/],
    [{ jsonrpc: '2.0', method: 'm', id: true }, /id/],
    [{ jsonrpc: '2.0', method: 'm', meta: { a: 1 } }, /meta/],
    [{ jsonrpc: '2.0', method: 'm', timeoutMs: 0 }, /timeoutMs/],
    [{ jsonrpc: '2.0', method: 'm', credit: -1 }, /credit/],
  ] as const) {
    const fault = requestFault(value);
    assert.equal(fault?.rpcCode, INVALID_REQUEST, JSON.stringify(value));
    assert.match(fault.message, why);
  }
});

test('what is no JSON, or nested too deeply, is refused as -32700', () => {
  for (const text of ['', '{', '{"a":1', 'nul', '['.repeat(500), '{"__proto__":1}']) {
    assert.throws(
      () => parseRpc(text),
      (error) => error instanceof RpcFault && error.rpcCode === PARSE_ERROR,
    );
  }
});

test('answers are told from requests', () => {
  assert.ok(isResponse({ jsonrpc: '2.0', id: 1, result: 1 }));
  assert.ok(isResponse({ jsonrpc: '2.0', id: null, error: { code: 1, message: '' } }));
  assert.ok(!isResponse({ jsonrpc: '2.0', id: 1, method: 'm', result: 1 }));
  assert.ok(!isResponse({}));
});

test('every fault code has one JSON-RPC code and comes back from it', () => {
  const seen = new Set<number>();
  for (const code of FAULT_CODE_NAMES) {
    const number = RPC_CODES[code];
    assert.ok(!seen.has(number), `${code} shares ${number}`);
    assert.ok(number >= -32768 && number <= -32000, `${code} is out of the reserved range`);
    seen.add(number);
    assert.equal(faultCodeOfRpcCode(number), code);
  }
});

test('faults survive the error object whole, declared data and violations included', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...FAULT_CODE_NAMES),
      fc.string(),
      fc.option(fc.record({ error: fc.string(), data: fc.jsonValue() }), { nil: undefined }),
      fc.boolean(),
      (code, message, declared, violated) => {
        const violations = violated
          ? [{ path: '/a', expected: 'a number', received: '"x"' }]
          : undefined;
        const fault = new Fault(code, message, { ...declared, violations });
        const wire = JSON.parse(JSON.stringify(rpcErrorOf(fault)));
        assert.deepEqual(
          faultOfRpcError(wire).toJSON(),
          JSON.parse(JSON.stringify(fault.toJSON())),
        );
      },
    ),
  );
});

test('errors of foreign servers become the nearest fault, and never throw', () => {
  assert.equal(faultOfRpcError({ code: -32601, message: 'no' }).code, 'UNIMPLEMENTED');
  assert.equal(faultOfRpcError({ code: -32800, message: 'no' }).code, 'CANCELLED');
  const foreign = faultOfRpcError({ code: 42, message: 'mine', data: { code: 7, x: 1 } });
  assert.equal(foreign.code, 'UNKNOWN');
  assert.deepEqual(foreign.data, { code: 7, x: 1 });
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.ok(faultOfRpcError(value) instanceof Fault);
    }),
  );
});

test('an error whose data JSON cannot express still goes out, without the data', () => {
  const fault = new Fault('ABORTED', 'no', { error: 'Busy', data: { big: 1n } });
  const text = errorText('1', fault);
  assert.deepEqual(JSON.parse(text).error, {
    code: -32010,
    message: 'no',
    data: { code: 'ABORTED' },
  });
});
