/**
 * Writes to a data folder until it is killed: `node writer.ts FOLDER PROGRESS`. Says on standard
 * output, line by line, what it sends (before) and what was answered (after).
 */
import { readFileSync, writeSync } from 'node:fs';
import type { Engine, Partition } from '../../../src/hub/engine.ts';
import { openLog } from '../../../src/log/open-log.ts';
import {
  IN_FLIGHT,
  isCommitted,
  KEYS,
  type Progress,
  plainValue,
  producerBatch,
  SETTINGS,
  SYNCS,
  transactionBatch,
  WRITERS,
} from './plan.ts';

const [folder, progressFile] = process.argv.slice(2);
const progress = JSON.parse(readFileSync(progressFile!, 'utf8')) as Progress;
const engine = await openLog({ folder: folder!, maintenanceMs: 30, syncIntervalMs: 20 });

function say(...words: (string | number)[]): void {
  writeSync(1, `${words.join(' ')}\n`);
}

async function partition(name: string, settings = SETTINGS): Promise<Partition> {
  return (engine.stream(name) ?? (await engine.create(name, settings))).partitions[0]!;
}

async function writePlain(stream: string, writer: number, log: Partition): Promise<never> {
  for (let count = progress.plain[`${stream} ${writer}`]?.sent ?? 0; ; count++) {
    say('plain-sent', stream, writer, count);
    const value = Buffer.from(plainValue(stream, writer, count));
    const offset = await log.write([{ key: null, value, headers: [], timeMs: Date.now() }]);
    say('plain', stream, writer, count, offset);
  }
}

async function produce(stream: string, writer: number, log: Partition): Promise<never> {
  const waiting: Promise<unknown>[] = [];
  for (let batch = progress.producers[`${stream} ${writer}`]?.acknowledged ?? 0; ; batch++) {
    if (waiting.length >= IN_FLIGHT) await waiting.shift();
    const answer = (async () => log.append(producerBatch(stream, writer, batch)))();
    waiting.push(answer.then(() => say('producer', stream, writer, batch)));
  }
}

async function transact(log: Partition): Promise<never> {
  const { sent } = progress.transactions;
  // One that was left open is aborted, as a coordinator does when its producer begins anew.
  const [left] = log.producers();
  if (left?.transactionStart !== undefined) await end(log, left.producerEpoch, false);
  for (let number = sent; ; number++) {
    say('transaction-sent', number);
    await log.append(transactionBatch(number, 0));
    await log.append(transactionBatch(number, 1));
    await end(log, number, isCommitted(number));
    say('transaction', number);
  }
}

async function end(log: Partition, producerEpoch: number, commit: boolean): Promise<void> {
  await log.writeMarker({ producerId: 2000n, producerEpoch, commit, coordinatorEpoch: 0 });
}

async function setTable(engine: Engine): Promise<never> {
  const table = await engine.table('table');
  for (let count = progress.table.acknowledged; ; count++) {
    say('table-sent', count);
    const value = Buffer.from(`${count} ${'t'.repeat(count % 300)}`);
    await table.set([
      [`k${count % KEYS}`, value],
      ['all', value],
      [`gone${(count + 1) % KEYS}`, value],
      [`gone${count % KEYS}`, undefined],
    ]);
    say('table', count);
  }
}

async function compacted(log: Partition): Promise<never> {
  for (let count = progress.compacted.acknowledged; ; count++) {
    say('compacted-sent', count);
    const key = Buffer.from(`k${count % KEYS}`);
    const value = Buffer.from(plainValue('compacted', 0, count));
    await log.write([{ key, value, headers: [], timeMs: Date.now() }]);
    say('compacted', count);
  }
}

const work: Promise<never>[] = [];
for (const sync of SYNCS) {
  const log = await partition(sync, { ...SETTINGS, sync });
  for (let writer = 0; writer < WRITERS; writer++) {
    work.push(writePlain(sync, writer, log), produce(sync, writer, log));
  }
}
work.push(transact(await partition('transactions')));
work.push(setTable(engine));
work.push(compacted(await partition('compacted', { ...SETTINGS, compact: true, expire: false })));
say('ready');
await Promise.all(work);
