import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Engine, PreparedOperation } from './engine.ts';
import { LeastRecentlyUsed } from './lru.ts';
import type { GraphqlOptions } from './options.ts';
import { documentOf, type GraphqlRequest, rememberDocument } from './request.ts';

/** What all ways to reach GraphQL share. The engine, and with it the graphql library, is loaded
 * with the first request: a hub that nobody asks over GraphQL does not pay for it. */
export class Service {
  readonly hub: Hub;
  readonly meter: Meter;
  readonly options: GraphqlOptions;
  readonly limits: { readonly maxCalls: number; readonly maxBatch: number };
  readonly #persisted: LeastRecentlyUsed<string> | undefined;
  #engine: Engine | undefined;
  #loading: Promise<Engine> | undefined;

  constructor(hub: Hub, options: GraphqlOptions, meter: Meter) {
    this.hub = hub;
    this.meter = meter;
    this.options = options;
    this.limits = options;
    this.#persisted =
      options.persistedQueries === 0
        ? undefined
        : new LeastRecentlyUsed(options.persistedQueries, options.cacheBytes);
  }

  /** At once when it is loaded. */
  get engine(): Engine | Promise<Engine> {
    if (this.#engine !== undefined) return this.#engine;
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Engine> {
    try {
      const { Engine } = await import('./engine.ts');
      this.#engine = new Engine(this.hub.contracts(), this.options);
      return this.#engine;
    } finally {
      this.#loading = undefined;
    }
  }

  /** @throws RequestError, Fault */
  prepare(engine: Engine, request: GraphqlRequest): PreparedOperation {
    const operation = engine.prepare(documentOf(request, this.#persisted), request.operationName);
    rememberDocument(request, this.#persisted);
    return operation;
  }

  /** Counts a request that was turned away before it became a call; the hub counts the calls. */
  countRefused(): void {
    this.meter.received++;
    this.meter.refused++;
  }
}
