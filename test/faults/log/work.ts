import type { Engine, Partition, SyncMode } from '../../../src/hub/engine.ts';
import {
  IN_FLIGHT,
  isCommitted,
  KEYS,
  type Progress,
  plainValue,
  producerBatch,
  SETTINGS,
  transactionBatch,
  WRITERS,
} from './plan.ts';

type Say = (what: string, ...words: (string | number)[]) => void;

/** Writers of every kind on one engine, each as fast as it gets answers. */
export class Work {
  readonly #engine: Engine;
  readonly #progress: Progress;
  readonly #say: Say;

  /**
   * @param progress where they go on
   * @param say gets what is sent (before) and what was answered (after)
   */
  constructor(engine: Engine, progress: Progress, say: Say) {
    this.#engine = engine;
    this.#progress = progress;
    this.#say = say;
  }

  /** Ends only when a write fails. */
  async start(syncs: readonly SyncMode[]): Promise<void> {
    const logs: [SyncMode, Partition][] = [];
    for (const sync of syncs) logs.push([sync, await this.#partition(sync, { ...SETTINGS, sync })]);
    const transactions = await this.#partition('transactions');
    const compact = { ...SETTINGS, compact: true, expire: false };
    const compacted = await this.#partition('compacted', compact);
    const work = [this.#transact(transactions), this.#compacted(compacted), this.#setTable()];
    for (const [sync, log] of logs) {
      for (let writer = 0; writer < WRITERS; writer++) {
        work.push(this.#writePlain(sync, writer, log), this.#produce(sync, writer, log));
      }
    }
    this.#say('ready');
    await Promise.all(work);
  }

  async #partition(name: string, settings = SETTINGS): Promise<Partition> {
    return (this.#engine.stream(name) ?? (await this.#engine.create(name, settings)))
      .partitions[0]!;
  }

  async #writePlain(stream: string, writer: number, log: Partition): Promise<never> {
    for (let count = this.#progress.plain[`${stream} ${writer}`]?.sent ?? 0; ; count++) {
      this.#say('plain-sent', stream, writer, count);
      const value = Buffer.from(plainValue(stream, writer, count));
      const offset = await log.write([{ key: null, value, headers: [], timeMs: Date.now() }]);
      this.#say('plain', stream, writer, count, offset);
    }
  }

  async #produce(stream: string, writer: number, log: Partition): Promise<never> {
    const waiting: Promise<unknown>[] = [];
    for (
      let batch = this.#progress.producers[`${stream} ${writer}`]?.acknowledged ?? 0;
      ;
      batch++
    ) {
      if (waiting.length >= IN_FLIGHT) await waiting.shift();
      const answer = (async () => log.append(producerBatch(stream, writer, batch)))();
      const said = answer.then(() => this.#say('producer', stream, writer, batch));
      // It is awaited later, and may have failed by then.
      said.catch(() => undefined);
      waiting.push(said);
    }
  }

  async #transact(log: Partition): Promise<never> {
    const { sent } = this.#progress.transactions;
    // One that was left open is aborted, as a coordinator does when its producer begins anew.
    const [left] = log.producers();
    if (left?.transactionStart !== undefined) await end(log, left.producerEpoch, false);
    for (let number = sent; ; number++) {
      this.#say('transaction-sent', number);
      await log.append(transactionBatch(number, 0));
      await log.append(transactionBatch(number, 1));
      await end(log, number, isCommitted(number));
      this.#say('transaction', number);
    }
  }

  async #setTable(): Promise<never> {
    const table = await this.#engine.table('table');
    for (let count = this.#progress.table.acknowledged; ; count++) {
      this.#say('table-sent', count);
      const value = Buffer.from(`${count} ${'t'.repeat(count % 300)}`);
      await table.set([
        [`k${count % KEYS}`, value],
        ['all', value],
        [`gone${(count + 1) % KEYS}`, value],
        [`gone${count % KEYS}`, undefined],
      ]);
      this.#say('table', count);
    }
  }

  async #compacted(log: Partition): Promise<never> {
    for (let count = this.#progress.compacted.acknowledged; ; count++) {
      this.#say('compacted-sent', count);
      const key = Buffer.from(`k${count % KEYS}`);
      const value = Buffer.from(plainValue('compacted', 0, count));
      await log.write([{ key, value, headers: [], timeMs: Date.now() }]);
      this.#say('compacted', count);
    }
  }
}

async function end(log: Partition, producerEpoch: number, commit: boolean): Promise<void> {
  await log.writeMarker({ producerId: 2000n, producerEpoch, commit, coordinatorEpoch: 0 });
}
