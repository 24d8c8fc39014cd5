/**
 * The call matrix: every shape of operation, over every protocol that can carry it, for every
 * outcome, driven by clients that nobody here wrote. Which cells exist follows from each
 * protocol's `can`; a protocol that can carry calls and has no driver here fails.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { PROTOCOLS } from '../../src/standard.ts';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { CELLS } from './cells.ts';
import { matrixApplication, Witness } from './contract.ts';
import { type Driver, SHAPES, type Shape } from './driver.ts';
import { DRIVERS } from './drivers/index.ts';
import { type Row, tableOf } from './table.ts';
import { FULL, LIMITED } from './tokens.ts';

const CELL_TIMEOUT_MS = 20_000;

const witness = new Witness();
let hub: TestHub;

before(async () => {
  hub = await startHub([matrixApplication(witness)], {
    config: {
      auth: {
        tokens: [
          { id: 'full', token: FULL, scopes: ['*'] },
          { id: 'limited', token: LIMITED, scopes: [] },
        ],
      },
    },
  });
});

after(async () => {
  await hub.close();
  writeFileSync(new URL('../../docs/matrix.md', import.meta.url), tableOf(rows));
});

const rows: Row[] = [];
const callable = PROTOCOLS.filter(({ can }) => SHAPES.some((shape) => can.call[shape]));

it('has a driver for every protocol that carries calls', () => {
  for (const { name } of callable) {
    assert.ok(
      DRIVERS.some(({ protocol }) => protocol === name),
      `${name} has no driver in test/matrix/drivers/index.ts`,
    );
  }
});

for (const protocol of callable) {
  for (const entry of DRIVERS.filter(({ protocol: name }) => name === protocol.name)) {
    describe(`${protocol.name} by ${entry.client}`, () => {
      let driver: Driver;
      before(async () => {
        driver = await entry.create(hub);
      });
      after(() => driver.close?.());

      for (const shape of SHAPES.filter((name) => protocol.can.call[name])) {
        for (const cell of CELLS) {
          const row = {
            protocol: protocol.title,
            client: entry.client,
            shape,
            outcome: cell.outcome,
          };
          const reason = reasonToLeaveOut(entry.without, protocol.can, shape, cell);
          if (reason !== undefined) {
            rows.push({ ...row, state: reason });
            continue;
          }
          it(`${shape}: ${cell.outcome}`, { timeout: CELL_TIMEOUT_MS }, async () => {
            await cell.run(driver, shape, witness);
            rows.push({ ...row, state: 'passed' });
          });
        }
      }
    });
  }
}

function reasonToLeaveOut(
  without: Readonly<Record<string, string>> | undefined,
  can: (typeof PROTOCOLS)[number]['can'],
  shape: Shape,
  cell: (typeof CELLS)[number],
): string | undefined {
  if (cell.needs !== undefined && !can[cell.needs]) return `the protocol has no ${cell.needs}`;
  return without?.[`${shape}: ${cell.outcome}`] ?? without?.[shape];
}
