/**
 * The message matrix: published by each protocol, received by each, driven by clients that nobody
 * here wrote. A protocol that can carry messages and has no driver here fails.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { PROTOCOLS } from '../../src/standard.ts';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { MESSAGE_CELLS } from './messages/cells.ts';
import type { Publisher, Receiver } from './messages/driver.ts';
import { PUBLISHERS, RECEIVERS, WITHOUT_DRIVER } from './messages/sides.ts';
import { type MessageRow, messageTable, type Pair } from './messages/table.ts';

const CELL_TIMEOUT_MS = 40_000;
const PARTITIONS = 3;

let hub: TestHub;
const rows: MessageRow[] = [];
const pairs: Pair[] = [];

before(async () => {
  hub = await startHub([]);
});

after(async () => {
  await hub.close();
  writeFileSync(
    new URL('../../docs/message-matrix.md', import.meta.url),
    messageTable(pairs, rows),
  );
});

it('has drivers for every protocol that carries messages', () => {
  for (const { name, can } of PROTOCOLS) {
    if (WITHOUT_DRIVER[name] !== undefined) continue;
    const publishes = PUBLISHERS.some(({ protocol }) => protocol === name);
    const receives = RECEIVERS.some(({ protocol }) => protocol === name);
    assert.ok(
      !can.publish || publishes,
      `${name} has no publisher in test/matrix/messages/sides.ts`,
    );
    assert.ok(
      !can.subscribe || receives,
      `${name} has no receiver in test/matrix/messages/sides.ts`,
    );
  }
});

async function makeStream(name: string): Promise<void> {
  const response = await fetch(`${hub.url}/streams`, {
    method: 'POST',
    body: JSON.stringify({ name, partitions: PARTITIONS }),
  });
  assert.equal(response.status, 201, await response.text());
}

const titles = new Map(PROTOCOLS.map(({ name, title }) => [name, title]));
const nameOf = ({ protocol, client }: { protocol: string; client: string }): string =>
  `${titles.get(protocol)} by ${client}`;

for (const [from, publishing] of PUBLISHERS.entries()) {
  for (const [to, receiving] of RECEIVERS.entries()) {
    const pair = { publisher: nameOf(publishing), receiver: nameOf(receiving) };
    pairs.push(pair);
    describe(`${pair.publisher} to ${pair.receiver}`, () => {
      let publisher: Publisher;
      let receiver: Receiver;
      before(async () => {
        publisher = await publishing.create(hub);
        receiver = await receiving.create(hub);
      });
      after(async () => {
        await publisher.close?.();
        await receiver.close?.();
      });
      for (const cell of MESSAGE_CELLS) {
        const reason = publishing.without?.[cell.name] ?? receiving.without?.[cell.name];
        if (reason === undefined) {
          it(cell.name, { timeout: CELL_TIMEOUT_MS }, async () => {
            const subject = `matrix.${from}.${to}.${MESSAGE_CELLS.indexOf(cell)}`;
            await makeStream(subject);
            await cell.run(publisher, receiver, subject);
            rows.push({ ...pair, cell: cell.name, state: 'passed' });
          });
        } else rows.push({ ...pair, cell: cell.name, state: reason });
      }
    });
  }
}
