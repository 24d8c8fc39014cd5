import type { Meter } from '../../hub/diagnostics.ts';
import { FirstUse } from '../../hub/first-use.ts';
import type { Hub } from '../../hub/hub.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
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
  readonly #lazy: FirstUse<Engine>;

  constructor(hub: Hub, options: GraphqlOptions, meter: Meter) {
    this.hub = hub;
    this.meter = meter;
    this.options = options;
    this.limits = options;
    this.#lazy = new FirstUse(async () => {
      const { Engine } = await import('./engine.ts');
      return new Engine(hub.contracts(), options);
    });
    this.#persisted =
      options.persistedQueries === 0
        ? undefined
        : new LeastRecentlyUsed(options.persistedQueries, options.cacheBytes);
  }

  /** At once when it is loaded. */
  get engine(): MaybePromise<Engine> {
    return this.#lazy.get();
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
