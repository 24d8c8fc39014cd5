import type { MaybePromise } from '../model/maybe-promise.ts';

/**
 * Something that is loaded and made when somebody needs it first: a hub that is never asked in a
 * protocol pays neither the time nor the memory for it. Where loading fails those who waited are
 * told, and the next one tries again.
 */
export class FirstUse<T extends object> {
  readonly #load: () => Promise<T>;
  #loading: Promise<T> | undefined;
  /** Undefined as long as nobody has needed it. */
  loaded: T | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
    this.#loading = undefined;
    this.loaded = undefined;
  }

  /** At once when it is loaded. */
  get(): MaybePromise<T> {
    return this.loaded ?? this.wait();
  }

  wait(): Promise<T> {
    this.#loading ??= this.#start();
    return this.#loading;
  }

  /** What is there when a load that is under way is over; undefined where nobody needed it. For
   * whoever closes it. */
  async settled(): Promise<T | undefined> {
    await this.#loading?.catch(() => undefined);
    return this.loaded;
  }

  /** A function that works with what is loaded, for a route's handler: no closure for each call. */
  handler<A>(
    work: (loaded: T, argument: A) => MaybePromise<void>,
  ): (argument: A) => MaybePromise<void> {
    return (argument) =>
      this.loaded === undefined
        ? this.wait().then((loaded) => work(loaded, argument))
        : work(this.loaded, argument);
  }

  async #start(): Promise<T> {
    try {
      this.loaded = await this.#load();
      return this.loaded;
    } finally {
      this.#loading = undefined;
    }
  }
}
