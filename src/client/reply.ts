import type { Outcome } from './transport.ts';

/**
 * What a call returns before anybody knows whether its answer is one value or a stream: it can be
 * awaited and it can be iterated, and its type offers the one that fits the contract. The call
 * has begun when a reply exists.
 */
export class Reply implements Promise<unknown>, AsyncIterable<unknown> {
  readonly #outcome: Outcome;
  #value: Promise<unknown> | undefined;

  constructor(outcome: Outcome) {
    this.#outcome = outcome;
  }

  get [Symbol.toStringTag](): string {
    return 'Reply';
  }

  // biome-ignore lint/suspicious/noThenProperty: a reply is awaited like a promise
  then<Value = unknown, Other = never>(
    fulfilled?: ((value: unknown) => Value | PromiseLike<Value>) | null,
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Value | Other> {
    return this.#promise().then(fulfilled, rejected);
  }

  catch<Other = never>(
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<unknown> {
    return this.#promise().catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<unknown> {
    return this.#promise().finally(settled);
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.#outcome.items()[Symbol.asyncIterator]();
  }

  #promise(): Promise<unknown> {
    this.#value ??= this.#outcome.value();
    return this.#value;
  }
}
