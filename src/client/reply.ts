import { Fault } from '../model/fault.ts';
import { isAsyncIterable } from './transport.ts';

/**
 * What a call answers before anybody knows whether it is one value or a stream: it can be awaited
 * and it can be iterated, and its type offers the one that fits the contract. The call has begun
 * when a reply exists.
 */
export class Reply implements Promise<unknown>, AsyncIterable<unknown> {
  readonly #answer: Promise<unknown>;

  /** @param answer a value, or an async iterable for a stream */
  constructor(answer: Promise<unknown>) {
    this.#answer = answer;
    // Whoever awaits or iterates gets the fault. A stream that is iterated later must not end the
    // process because its fault was there first.
    answer.catch(() => {});
  }

  get [Symbol.toStringTag](): string {
    return 'Reply';
  }

  // biome-ignore lint/suspicious/noThenProperty: a reply is awaited like a promise
  then<Value = unknown, Other = never>(
    fulfilled?: ((value: unknown) => Value | PromiseLike<Value>) | null,
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Value | Other> {
    return this.#value().then(fulfilled, rejected);
  }

  catch<Other = never>(
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<unknown> {
    return this.#value().catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<unknown> {
    return this.#value().finally(settled);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<unknown> {
    const answer = await this.#answer;
    if (!isAsyncIterable(answer)) {
      throw new Fault('INVALID_ARGUMENT', 'The answer is one value; await it.');
    }
    yield* answer;
  }

  async #value(): Promise<unknown> {
    const answer = await this.#answer;
    if (!isAsyncIterable(answer)) return answer;
    await answer[Symbol.asyncIterator]().return?.();
    throw new Fault('INVALID_ARGUMENT', 'The answer is a stream; iterate it with "for await".');
  }
}
