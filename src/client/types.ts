import type {
  ErrorData,
  EventName,
  EventPayload,
  OperationInput,
  OperationName,
  OperationOutput,
  StreamsInput,
  StreamsOutput,
} from '../model/authoring/types.ts';
import type { Contract } from '../model/contract.ts';
import type { Fault } from '../model/fault.ts';
import type { CallOptions, Received, SubscribeOptions } from './transport.ts';

/** What a client takes its types from: what `contract(...)` answers. */
export interface AnyContract {
  readonly contract: Contract;
  readonly definition: { readonly services: object; readonly errors: object };
}

type Keys<T> = Extract<keyof T, string>;
type Services<C extends AnyContract> = C['definition']['services'];
type Errors<C extends AnyContract> = C['definition']['errors'];
type Operations<C extends AnyContract, S extends keyof Services<C>> = Services<C>[S] extends {
  readonly operations: infer O;
}
  ? O
  : never;

/** Items that the client streams. */
export type Items<T> = AsyncIterable<T> | Iterable<T>;

type Sent<C, Name> =
  StreamsInput<C, Name> extends true ? Items<OperationInput<C, Name>> : OperationInput<C, Name>;

/** An operation as a function: a promise of the answer, or an async iterable where it streams. */
export type Method<C, Name> = (
  // An input without required members may be left out.
  ...parameters: Record<never, never> extends Sent<C, Name>
    ? [input?: Sent<C, Name>, options?: CallOptions]
    : [input: Sent<C, Name>, options?: CallOptions]
) => StreamsOutput<C, Name> extends true
  ? AsyncIterable<OperationOutput<C, Name>>
  : Promise<OperationOutput<C, Name>>;

/** Names of the errors that a contract declares. */
export type ErrorName<C extends AnyContract> = Keys<Errors<C>>;

/** A fault that a contract declares, with its data. */
export type DeclaredFault<C extends AnyContract, Name extends ErrorName<C>> = Fault & {
  readonly error: Name;
  readonly data: ErrorData<Errors<C>[Name]>;
};

export interface ClientEvents<C extends AnyContract> {
  /** Events of one type as they are published, from now on or behind `after`. It goes on after a
   * broken connection; leaving the loop ends it. */
  subscribe<Name extends EventName<C>>(
    event: Name,
    options?: SubscribeOptions,
  ): AsyncIterable<Received<EventPayload<C, Name>>>;
  /** Messages of any kind by a filter on subjects: `parcels.moved.*`, `parcels.>`. */
  subscribeSubject(filter: string, options?: SubscribeOptions): AsyncIterable<Received>;
  /** Resolves when the hub has accepted the event. */
  publish<Name extends EventName<C>>(
    event: Name,
    payload: EventPayload<C, Name>,
    options?: CallOptions,
  ): Promise<void>;
}

/** What every client has, whatever its contract. */
export interface ClientBase<C extends AnyContract> {
  /** A call by full name: `client.call('parcels.get')({ id })`. Also reaches a service whose name
   * is one of the client's own members. */
  call<Name extends OperationName<C>>(operation: Name): Method<C, Name>;
  readonly events: ClientEvents<C>;
  /** True for this error of the contract; its data is typed then. */
  isError<Name extends ErrorName<C>>(thrown: unknown, name: Name): thrown is DeclaredFault<C, Name>;
  /** Ends calls and subscriptions that run (they fail with CANCELLED), and the connection. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A contract's services and their operations as functions: `client.parcels.get({ id })`. */
export type Client<C extends AnyContract> = {
  readonly [S in Exclude<Keys<Services<C>>, keyof ClientBase<C>>]: {
    readonly [M in Keys<Operations<C, S>>]: Method<C, `${S}.${M}`>;
  };
} & ClientBase<C>;
