/**
 * The APIs of the broker. Each is one handler:
 *
 *     export const heartbeat = handler({
 *       key: 12, name: 'Heartbeat', versions: [0, 4],
 *       request: message(4, {...}), response: message(4, {...}),
 *       handle: (request, context) => ({ errorCode: ERROR.NONE }),
 *     });
 *
 * A folder exports its handlers as a list that `handlers.ts` joins. Handlers with a state of their
 * own keep it by broker (`perBroker`).
 */
import type { MaybePromise } from '../../model/maybe-promise.ts';
import type { Broker, RequestContext } from './context.ts';
import type { KafkaError } from './errors.ts';
import type { Message } from './wire/message.ts';

export interface Handler<Request, Response> {
  /** Number of the API. */
  readonly key: number;
  readonly name: string;
  /** The first and last version that is served, and told to clients. */
  readonly versions: readonly [first: number, last: number];
  readonly request: Message<Request, never>;
  readonly response: Message<never, Response>;
  /** May be asked before the client has said who it is. */
  readonly anonymous?: boolean;
  /** The next request of this kind is handled while this one waits for its commit. Others wait
   * until the one before them is answered, as Kafka has it. */
  readonly overlaps?: boolean;
  /** Answers the response; undefined for none at all (Produce with acks=0). What it throws goes to
   * `failed`. */
  handle(request: Request, context: RequestContext): MaybePromise<Response | undefined>;
  /** The response that carries an error as a whole. Without it the connection is closed. */
  failed?(error: KafkaError, request: Request, context: RequestContext): Response;
}

/** A handler whose types were checked where it was written. */
export type AnyHandler = Handler<unknown, unknown>;

export function handler<Request, ReadResponse, Response>(
  definition: Omit<Handler<Request, Response>, 'request' | 'response'> & {
    readonly request: Message<Request, never>;
    readonly response: Message<ReadResponse, Response>;
  },
): AnyHandler {
  return definition as unknown as AnyHandler;
}

/** By API key. @throws Error where two handlers have one key */
export function dispatchMap(
  ...lists: readonly (readonly AnyHandler[])[]
): ReadonlyMap<number, AnyHandler> {
  const map = new Map<number, AnyHandler>();
  for (const one of lists.flat()) {
    if (map.has(one.key)) throw new Error(`API ${one.key} (${one.name}) has two handlers.`);
    map.set(one.key, one);
  }
  return map;
}

/** State of handlers, made at its first use with a broker. */
export function perBroker<T>(make: (broker: Broker) => T): (broker: Broker) => T {
  const states = new WeakMap<Broker, T>();
  return (broker) => {
    let state = states.get(broker);
    if (state === undefined) {
      state = make(broker);
      states.set(broker, state);
    }
    return state;
  };
}
