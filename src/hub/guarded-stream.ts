import { isPromise, type MaybePromise } from '../model/maybe-promise.ts';

/** What a guarded stream asks about its items and tells of its end. */
export interface StreamGuard {
  /** The item as the reader gets it. What it throws ends the stream. */
  item(value: unknown, index: number): MaybePromise<unknown>;
  /** What the reader gets for something that the source or `item` threw. */
  fault(thrown: unknown): Error;
  /** The stream is over: at its end, by a fault, or because the reader left. Called once. */
  ended(fault: Error | undefined, readerLeft: boolean): void;
}

type Source = AsyncIterator<unknown> | Iterator<unknown>;
type Result = IteratorResult<unknown, undefined>;

/** Items after which a stream lets everything else have its turn. A source that never waits would
 * otherwise keep the process to itself, even when its reader is long gone. */
const ITEMS_PER_TURN = 2_048;

const DONE: Result = Object.freeze({ value: undefined, done: true });

/** Starts to iterate; undefined for a value that cannot be iterated. */
export function iteratorOf(value: unknown): Source | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const iterable = value as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  return iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]?.();
}

/** Tells a source that nobody reads on; what it says to that is of no interest any more. */
export function leave(source: Source): void {
  try {
    const left = source.return?.();
    if (left !== undefined && isPromise(left)) left.then(undefined, () => undefined);
  } catch {
    // The reader is gone: there is nobody to tell.
  }
}

/**
 * Passes on what a source yields, and ends when it is cut although the source hangs. The source's
 * `return` is called exactly once unless it came to its own end.
 */
export class GuardedStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #source: Source;
  readonly #guard: StreamGuard;
  #index = 0;
  #ended = false;
  /** Told to the next reader, once. */
  #fault: Error | undefined;
  #resolve: ((result: Result) => void) | undefined;
  #reject: ((fault: Error) => void) | undefined;
  #last: Promise<Result> | undefined;
  /** Reads that wait for one before them. */
  #queued = 0;

  constructor(source: Source, guard: StreamGuard) {
    this.#source = source;
    this.#guard = guard;
  }

  get ended(): boolean {
    return this.#ended;
  }

  next(): Promise<Result> {
    // A reader that does not wait for its answer gets them in turn.
    if (this.#resolve !== undefined || this.#queued > 0) {
      this.#queued++;
      this.#last = (this.#last as Promise<Result>).then(this.#inTurn, this.#inTurn);
      return this.#last;
    }
    this.#last = this.#next();
    return this.#last;
  }

  #inTurn = (): Promise<Result> => {
    this.#queued--;
    return this.#next();
  };

  #next(): Promise<Result> {
    if (this.#fault !== undefined) {
      const fault = this.#fault;
      this.#fault = undefined;
      return Promise.reject(fault);
    }
    if (this.#ended) return Promise.resolve(DONE);
    const answer = new Promise<Result>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#pull();
    return answer;
  }

  /** The reader leaves. */
  return(): Promise<Result> {
    if (!this.#ended) {
      this.#ended = true;
      leave(this.#source);
      this.#settle(undefined);
      this.#guard.ended(undefined, true);
    }
    this.#fault = undefined;
    return Promise.resolve(DONE);
  }

  /** Ends the stream with a fault, at once, whatever the source does. */
  cut(fault: Error): void {
    if (this.#ended) return;
    leave(this.#source);
    this.#end(fault);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #pull(): void {
    try {
      const step = this.#source.next();
      if (isPromise(step)) step.then(this.#stepped, this.#threw);
      else this.#stepped(step);
    } catch (thrown) {
      this.#threw(thrown);
    }
  }

  #stepped = (step: IteratorResult<unknown>): void => {
    if (this.#ended) return;
    if (step.done === true) {
      this.#end(undefined);
      return;
    }
    try {
      const item = this.#guard.item(step.value, this.#index++);
      if (isPromise(item)) item.then(this.#deliver, this.#refused);
      else this.#deliver(item);
    } catch (thrown) {
      this.#refused(thrown);
    }
  };

  #deliver = (value: unknown): void => {
    if (this.#index % ITEMS_PER_TURN === 0) setImmediate(this.#pass, value);
    else this.#pass(value);
  };

  #pass = (value: unknown): void => {
    const resolve = this.#resolve;
    if (this.#ended || resolve === undefined) return;
    this.#resolve = undefined;
    this.#reject = undefined;
    resolve({ value, done: false });
  };

  /** The source itself failed: it is at its end. */
  #threw = (thrown: unknown): void => {
    if (!this.#ended) this.#end(this.#guard.fault(thrown));
  };

  /** An item was refused: the source would go on. */
  #refused = (thrown: unknown): void => {
    if (!this.#ended) this.cut(this.#guard.fault(thrown));
  };

  #end(fault: Error | undefined): void {
    this.#ended = true;
    this.#settle(fault);
    this.#guard.ended(fault, false);
  }

  #settle(fault: Error | undefined): void {
    const resolve = this.#resolve;
    const reject = this.#reject;
    this.#resolve = undefined;
    this.#reject = undefined;
    if (resolve === undefined || reject === undefined) this.#fault = fault;
    else if (fault === undefined) resolve(DONE);
    else reject(fault);
  }
}
