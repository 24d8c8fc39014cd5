import { BatchBuilder } from '../formats/records/batch-builder.ts';
import type { Appended, StreamRecord } from '../hub/engine.ts';
import type { Undo } from './producers.ts';

/** Whoever waits for a commit, and what it is told then. */
interface Waiter<T> {
  readonly value: T;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Batches with their offsets that wait for the commit. */
export class PendingBatches {
  readonly base: number;
  next: number;
  readonly undo: Undo[] = [];
  readonly #waiters: Waiter<never>[] = [];
  readonly #buffer: Buffer;

  constructor(buffer: Buffer, base: number, next: number) {
    this.#buffer = buffer;
    this.base = base;
    this.next = next;
  }

  get bytes(): number {
    return this.#buffer.length;
  }

  finish(): Buffer {
    return this.#buffer;
  }

  /** Answers `value` when it is committed. */
  wait<T extends Appended | number>(value: T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      (this.#waiters as unknown as Waiter<T>[]).push({ value, resolve, reject });
    });
  }

  committed(): void {
    for (const waiter of this.#waiters) waiter.resolve(waiter.value);
  }

  failed(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }
}

/** A batch that is still being packed: records of several callers in one commit window. */
export class PendingPack extends PendingBatches {
  readonly #builder: BatchBuilder;

  /** @param startBytes of the buffer, which grows */
  constructor(base: number, epoch: number, appendTimeMs: number | undefined, startBytes: number) {
    super(EMPTY, base, base);
    this.#builder = new BatchBuilder(startBytes);
    this.#builder.start({ baseOffset: base, leaderEpoch: epoch, appendTimeMs });
  }

  override get bytes(): number {
    return this.#builder.bytes;
  }

  add(records: readonly StreamRecord[]): void {
    for (let index = 0; index < records.length; index++) {
      const record = records[index]!;
      this.#builder.add(record.timeMs, record.key, record.value, record.headers);
    }
    this.next += records.length;
  }

  override finish(): Buffer {
    return this.#builder.finish();
  }
}

const EMPTY = Buffer.alloc(0);
