import { Fault } from '../model/fault.ts';
import { WEBSOCKET_PATH } from '../wire/jsonrpc/methods.ts';
import { EventSubjects } from './event-subjects.ts';
import { fetchContracts, HttpTransport } from './http.ts';
import { leavable } from './leavable.ts';
import { Reply } from './reply.ts';
import type { CallOptions, Received, SubscribeOptions, Transport } from './transport.ts';
import type { AnyContract, Client } from './types.ts';
import { WebSocketTransport } from './websocket.ts';

export { FAULT_CODES, Fault, type FaultCode, type Violation } from '../model/fault.ts';
export type { CallOptions, Received, SubscribeOptions } from './transport.ts';
export type {
  AnyContract,
  Client,
  ClientEvents,
  DeclaredFault,
  ErrorName,
  Items,
  Method,
} from './types.ts';

export interface ClientOptions<C extends AnyContract> {
  /** Address of the hub: `http://127.0.0.1:7070`. */
  readonly url: string;
  /** `http` (the default) needs nothing but fetch; `websocket` is one connection for everything,
   * and the only way for a browser to stream to the hub. */
  readonly over?: 'http' | 'websocket' | undefined;
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
  /** For calls that do not say how long they wait. */
  readonly timeoutMs?: number | undefined;
  /** Only events need it: their subjects are in there. Left out, it is fetched from the hub when
   * an event is first published or subscribed to. */
  readonly contract?: C | undefined;
}

/**
 * A client of a hub, typed by a contract: `createClient<typeof parcels>({ url })`, or
 * `createClient({ url, contract: parcels })`. A call begins at once. Everything that fails, fails
 * with a Fault. Nothing is tried twice: who knows that a call may be repeated, repeats it.
 * @throws TypeError for a url that is none
 */
export function createClient<C extends AnyContract>(options: ClientOptions<C>): Client<C> {
  const url = baseOf(options.url);
  const transport =
    options.over === 'websocket'
      ? new WebSocketTransport(`${url.replace(/^http/, 'ws')}${WEBSOCKET_PATH}`, options.token)
      : new HttpTransport(url, options.token);
  const contract = options.contract?.contract;
  const subjects = lazy(
    async () =>
      new EventSubjects(
        contract === undefined ? await fetchContracts(url, options.token) : [contract],
      ),
  );
  return withServices(ownMembers(transport, options.timeoutMs, subjects)) as unknown as Client<C>;
}

const MAX_TIMEOUT_MS = 999_999_999;

/** The options with a whole number of milliseconds; Infinity waits as long as the hub.
 * @throws Fault INVALID_ARGUMENT for a time that is none */
function withTimeout(options: CallOptions = {}, usual: number | undefined): CallOptions {
  const timeoutMs = options.timeoutMs ?? usual;
  if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) {
    return { ...options, timeoutMs: undefined };
  }
  if (!(timeoutMs > 0)) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `timeoutMs is ${timeoutMs}; expected milliseconds above 0.`,
    );
  }
  return { ...options, timeoutMs: Math.min(Math.ceil(timeoutMs), MAX_TIMEOUT_MS) };
}

/** The hub's address for HTTP, without a slash at the end. */
function baseOf(text: string): string {
  const url = new URL(text);
  if (!/^(http|ws)s?:$/.test(url.protocol)) {
    throw new TypeError(`the address ${text} must begin with http:, https:, ws: or wss:`);
  }
  return `${url.protocol.replace('ws', 'http')}//${url.host}${url.pathname.replace(/\/$/, '')}`;
}

/** What every client has. Untyped inside: the types are the contract's, and the hub checks the
 * values. Nothing here asks for its `this`, so that members may be taken off the client. */
function ownMembers(
  transport: Transport,
  timeoutMs: number | undefined,
  subjects: () => Promise<EventSubjects>,
) {
  const close = (): Promise<void> =>
    transport.close(new Fault('CANCELLED', 'The client is closed.'));
  return {
    call: (operation: string) => (input?: unknown, options?: CallOptions) =>
      new Reply(transport.call(operation, input, withTimeout(options, timeoutMs))),
    events: {
      subscribe: (event: string, options: SubscribeOptions = {}) =>
        subscribeTo(transport, async () => (await subjects()).filterOf(event), options),
      subscribeSubject: (filter: string, options: SubscribeOptions = {}) =>
        subscribeTo(transport, async () => filter, options),
      publish: async (event: string, payload: unknown, options: CallOptions = {}) => {
        const subject = (await subjects()).subjectOf(event, payload);
        await transport.publish(subject, payload, withTimeout(options, timeoutMs));
      },
    },
    isError: (thrown: unknown, name: string) => thrown instanceof Fault && thrown.error === name,
    close,
    [Symbol.asyncDispose]: close,
  };
}

type OwnMembers = ReturnType<typeof ownMembers>;

function subscribeTo(
  transport: Transport,
  filter: () => Promise<string>,
  options: SubscribeOptions,
): AsyncIterable<Received> {
  const leaving = new AbortController();
  const signal =
    options.signal === undefined
      ? leaving.signal
      : AbortSignal.any([options.signal, leaving.signal]);
  async function* deliveries(): AsyncGenerator<Received> {
    yield* transport.subscribe(await filter(), { ...options, signal });
  }
  return leavable(deliveries(), () => leaving.abort());
}

/** `client.parcels.get` is `client.call('parcels.get')`; what the client has itself comes first. */
function withServices(own: OwnMembers): object {
  return byName(own, (service) => byName({}, (operation) => own.call(`${service}.${operation}`)));
}

/** An object whose missing members are made when they are first asked for. */
function byName(own: object, make: (name: string) => unknown): object {
  const made = new Map<string, unknown>();
  return new Proxy(own, {
    get(_, name) {
      // Who looks for a `then` asks whether this is a promise. It is not.
      if (typeof name === 'symbol' || name === 'then' || Object.hasOwn(own, name)) {
        return Reflect.get(own, name);
      }
      if (!made.has(name)) made.set(name, make(name));
      return made.get(name);
    },
  });
}

/** Made once, when it is first needed; tried again after it failed. */
function lazy<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
