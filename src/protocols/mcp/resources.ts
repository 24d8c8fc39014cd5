import { parseJson } from '../../formats/json.ts';
import type { Meter } from '../../hub/diagnostics.ts';
import type { Endpoint, EventEndpoint, Hub } from '../../hub/hub.ts';
import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import type { Principal } from '../../model/principal.ts';
import { membersOf, typesOf } from '../../model/schema-tree.ts';
import { deliveryText } from '../../wire/jsonrpc/message-json.ts';
import { type Catalog, isStreamResource } from './catalog.ts';
import { Collector } from './collector.ts';
import { ResourceNotFound } from './faults.ts';
import { eventFilter, parseResource } from './names.ts';
import type { McpOptions } from './options.ts';
import type { Requester } from './request.ts';
import { StreamTap } from './stream-tap.ts';
import { readEvent, type Watch, type Watcher, watchEvent } from './watch.ts';

/** What the URI of a resource stands for. */
type Target =
  | { readonly kind: 'event'; readonly event: EventEndpoint; readonly filter: string }
  | { readonly kind: 'stream'; readonly endpoint: Endpoint; readonly input: unknown };

/** A stream's call, started or starting. */
interface Tapped {
  readonly tap: StreamTap;
  readonly started: Promise<void>;
}

/** Reads resources and watches them: messages of events, and streams that queries answer. */
export class Resources {
  readonly #hub: Hub;
  readonly #meter: Meter;
  readonly #options: McpOptions;
  readonly #catalog: Catalog;
  /** By principal and URI: what one may read is not always what another may. */
  readonly #taps = new Map<string, Tapped>();

  constructor(hub: Hub, meter: Meter, options: McpOptions, catalog: Catalog) {
    this.#hub = hub;
    this.#meter = meter;
    this.#options = options;
    this.#catalog = catalog;
  }

  /**
   * The resource as JSON text.
   * @throws ResourceNotFound, or the Fault of reading it
   */
  async read(uri: string, requester: Requester): Promise<string> {
    const target = this.#find(uri);
    const { principal } = requester;
    const { recentMessages: maxItems, maxReadBytes: maxBytes, readTimeMs } = this.#options;
    if (target.kind === 'event') {
      const limits = { maxItems, maxBytes, timeMs: readTimeMs };
      const { filter } = target;
      const write = deliveryText;
      const messages = await readEvent(this.#hub, this.#meter, filter, principal, limits, write);
      return `{"messages":${messages}}`;
    }
    const tapped = this.#taps.get(keyOf(principal, uri));
    if (tapped !== undefined) {
      await tapped.started;
      return tapped.tap.json();
    }
    return this.#readStream(target, requester, { maxItems, maxBytes, timeMs: readTimeMs });
  }

  async #readStream(
    { endpoint, input }: Target & { kind: 'stream' },
    requester: Requester,
    limits: ConstructorParameters<typeof Collector>[0],
  ): Promise<string> {
    const { principal, metadata, deadlineMs, trace } = requester;
    const call = new Call({ input, principal, metadata, deadlineMs, trace });
    const collector = new Collector(limits);
    requester.began(call);
    try {
      await collector.collect(this.#hub, endpoint, call, this.#meter);
    } finally {
      requester.settled(call);
    }
    return `{"items":${collector.itemsJson()},"ended":${collector.complete}}`;
  }

  /**
   * Tells `watcher` of what is new in a resource.
   * @throws ResourceNotFound, or the Fault that refuses it
   */
  async watch(uri: string, requester: Requester, watcher: Watcher): Promise<Watch> {
    const target = this.#find(uri);
    const { principal } = requester;
    if (target.kind === 'event') {
      return watchEvent(this.#hub, this.#meter, target.filter, principal, watcher);
    }
    const key = keyOf(principal, uri);
    let tapped = this.#taps.get(key);
    if (tapped === undefined) {
      tapped = this.#tap(key, target, requester);
      this.#taps.set(key, tapped);
    }
    // Before it has started: a watcher more keeps it from being given up by the one that leaves.
    const watch = tapped.tap.watch(watcher);
    try {
      await tapped.started;
    } catch (error) {
      watch.close();
      throw error;
    }
    return watch;
  }

  #tap(
    key: string,
    { endpoint, input }: Target & { kind: 'stream' },
    requester: Requester,
  ): Tapped {
    const { principal, metadata, trace } = requester;
    const { recentMessages: maxItems, maxReadBytes: maxBytes } = this.#options;
    const tap: StreamTap = new StreamTap({ maxItems, maxBytes }, () => {
      if (this.#taps.get(key)?.tap === tap) this.#taps.delete(key);
      call.abort();
    });
    const call = new Call({ input, principal, metadata, trace });
    return { tap, started: tap.start(this.#hub, endpoint, call, this.#meter) };
  }

  #find(uri: string): Target {
    const name = parseResource(uri);
    if (name === undefined) throw new ResourceNotFound(uri);
    if (name.kind === 'events') {
      const event = this.#catalog.event(name.name);
      const filter =
        event === undefined ? undefined : eventFilter(event.event.subject, name.levels);
      if (event === undefined || filter === undefined) throw new ResourceNotFound(uri);
      return { kind: 'event', event, filter };
    }
    const endpoint = this.#catalog.endpoint(name.name);
    if (endpoint === undefined || !isStreamResource(endpoint)) throw new ResourceNotFound(uri);
    return { kind: 'stream', endpoint, input: inputOf(endpoint, name.parameters) };
  }
}

/** The same credentials with other scopes are another reader. */
function keyOf({ id, authenticated, scopes }: Principal, uri: string): string {
  return JSON.stringify([id, authenticated, [...scopes].sort(), uri]);
}

/**
 * A stream's input from the query of its URI: text where the schema takes only text, else JSON, and
 * what is no JSON stays text, so that validation says what was expected.
 * @throws Fault INVALID_ARGUMENT for a parameter that is given twice
 */
function inputOf({ contract, operation }: Endpoint, parameters: URLSearchParams): unknown {
  const members = membersOf(operation.input.schema, contract.$defs);
  const input = new Map<string, unknown>();
  for (const [name, text] of parameters) {
    if (input.has(name)) {
      throw new Fault('INVALID_ARGUMENT', `Parameter ${JSON.stringify(name)} is given twice.`);
    }
    const member = members.get(name);
    const types = member === undefined ? undefined : typesOf(member.schema, contract.$defs);
    input.set(name, types?.size === 1 && types.has('string') ? text : jsonOrText(text));
  }
  return Object.fromEntries(input);
}

function jsonOrText(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Text that is no JSON: it stands for itself.
    return text;
  }
}
