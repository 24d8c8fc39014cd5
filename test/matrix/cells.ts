import assert from 'node:assert/strict';
import { Fault } from '../../src/model/fault.ts';
import type { Witness } from './contract.ts';
import {
  collect,
  type Driver,
  type DriverOptions,
  type Shape,
  send,
  sendAndWait,
} from './driver.ts';
import { FULL, LIMITED } from './tokens.ts';

export interface Cell {
  readonly outcome: string;
  /** Which fact of `can` it needs, beside the shape. */
  readonly needs?: 'cancel' | 'deadline';
  run(driver: Driver, shape: Shape, witness: Witness): Promise<void>;
}

const item = (count: number, text = 'ä"\\\u2028 €') => ({ count, text });

/** Runs an operation of a shape and answers what came back, as one list. */
async function call(
  driver: Driver,
  shape: Shape,
  operation: string,
  inputs: readonly unknown[],
  options: DriverOptions = { token: FULL },
): Promise<unknown[]> {
  switch (shape) {
    case 'unary':
      return [await driver.unary!(operation, inputs[0], options)];
    case 'serverStream':
      return collect(driver.serverStream!(operation, inputs[0], options));
    case 'clientStream':
      return [await driver.clientStream!(operation, send(inputs), options)];
    case 'bidirectional':
      return collect(driver.bidirectional!(operation, send(inputs), options));
  }
}

async function faultOf(answer: Promise<unknown>): Promise<Fault> {
  try {
    const value = await answer;
    assert.fail(`expected a fault, got ${JSON.stringify(value)?.slice(0, 200)}`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error;
  }
}

/** Starts a call that stays open, waits until its handler runs. */
async function startSlow(
  driver: Driver,
  shape: Shape,
  witness: Witness,
  options: DriverOptions,
): Promise<{ readonly fault: Promise<Fault> }> {
  witness.reset();
  const until = new AbortController();
  const open = sendAndWait([item(1)], until.signal);
  const answer = (async () => {
    switch (shape) {
      case 'clientStream':
        return driver.clientStream!('matrix.clientStreamSlow', open, options);
      case 'bidirectional':
        return collect(driver.bidirectional!('matrix.bidirectionalSlow', open, options));
      default:
        return call(driver, shape, `matrix.${shape}Slow`, [item(1)], options);
    }
  })();
  const fault = faultOf(answer).finally(() => until.abort());
  await Promise.race([witness.started, fault]);
  // In an object: a promise of a promise would be waited for.
  return { fault };
}

const LARGE = 'polywire'.repeat(98_304);

export const CELLS: readonly Cell[] = [
  {
    outcome: 'answer',
    async run(driver, shape) {
      const inputs = shape === 'serverStream' || shape === 'unary' ? [item(3)] : [item(5), item(6)];
      const wanted = {
        unary: [item(3)],
        serverStream: [item(0), item(1), item(2)],
        clientStream: [{ items: 2, characters: 2 * item(0).text.length }],
        bidirectional: [item(5), item(6)],
      };
      assert.deepEqual(await call(driver, shape, `matrix.${shape}`, inputs), wanted[shape]);
      if (shape === 'unary') {
        assert.deepEqual(await call(driver, shape, 'matrix.change', inputs), wanted.unary);
      }
    },
  },
  {
    outcome: 'declared error',
    async run(driver, shape) {
      const fault = await faultOf(call(driver, shape, `matrix.${shape}Reject`, [item(2)]));
      assert.equal(fault.code, 'NOT_FOUND');
      assert.equal(fault.error, 'ItemMissing');
      const count = shape === 'unary' || shape === 'serverStream' ? 2 : 1;
      assert.deepEqual(fault.data, { count, near: ['a', 'b'] });
    },
  },
  {
    outcome: 'invalid input',
    async run(driver, shape) {
      const fault = await faultOf(call(driver, shape, `matrix.${shape}`, [item(-1)]));
      assert.equal(fault.code, 'INVALID_ARGUMENT');
      assert.match(fault.violations?.[0]?.path ?? '', /\/count$/);
    },
  },
  {
    outcome: 'unauthenticated',
    async run(driver, shape) {
      const fault = await faultOf(call(driver, shape, `matrix.${shape}Secret`, [item(1)], {}));
      assert.equal(fault.code, 'UNAUTHENTICATED');
      const bad = { token: 'nobody-has-this-token' };
      const other = await faultOf(call(driver, shape, `matrix.${shape}Secret`, [item(1)], bad));
      assert.equal(other.code, 'UNAUTHENTICATED');
    },
  },
  {
    outcome: 'forbidden',
    async run(driver, shape) {
      const fault = await faultOf(
        call(driver, shape, `matrix.${shape}Secret`, [item(1)], { token: LIMITED }),
      );
      assert.equal(fault.code, 'PERMISSION_DENIED');
    },
  },
  {
    outcome: 'deadline',
    needs: 'deadline',
    async run(driver, shape, witness) {
      const options = { token: FULL, timeoutMs: 150 };
      const { fault } = await startSlow(driver, shape, witness, options);
      assert.equal((await fault).code, 'DEADLINE_EXCEEDED');
      assert.equal((await witness.ended).code, 'DEADLINE_EXCEEDED');
    },
  },
  {
    outcome: 'cancel',
    needs: 'cancel',
    async run(driver, shape, witness) {
      const controller = new AbortController();
      const options = { token: FULL, signal: controller.signal };
      const { fault } = await startSlow(driver, shape, witness, options);
      controller.abort();
      assert.equal((await witness.ended).code, 'CANCELLED');
      assert.equal((await fault).code, 'CANCELLED');
    },
  },
  {
    outcome: 'large payload',
    async run(driver, shape) {
      const inputs =
        shape === 'unary' || shape === 'serverStream'
          ? [item(2, LARGE)]
          : [item(0, LARGE), item(1, LARGE)];
      const wanted = {
        unary: [item(2, LARGE)],
        serverStream: [item(0, LARGE), item(1, LARGE)],
        clientStream: [{ items: 2, characters: 2 * LARGE.length }],
        bidirectional: [item(0, LARGE), item(1, LARGE)],
      };
      const answer = await call(driver, shape, `matrix.${shape}`, inputs);
      // Not deepEqual: its difference of two megabytes helps nobody.
      assert.ok(
        JSON.stringify(answer) === JSON.stringify(wanted[shape]),
        'the payload came back changed',
      );
    },
  },
  {
    outcome: 'unknown operation',
    async run(driver, shape) {
      const fault = await faultOf(call(driver, shape, 'matrix.nowhere', [item(1)]));
      assert.equal(fault.code, 'UNIMPLEMENTED');
    },
  },
];
