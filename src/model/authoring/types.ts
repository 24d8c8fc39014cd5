import type { Context } from '../application.ts';
import type { Contract } from '../contract.ts';
import type { Fault } from '../fault.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type {
  ErrorDefinition,
  EventDefinition,
  OperationDefinition,
  ParsedOutput,
  ServiceDefinition,
  WireInput,
} from './define.ts';
import type { SchemaOutput, StreamOf } from './standard-schema.ts';

export type ErrorDefinitions = Readonly<Record<string, ErrorDefinition>>;
export type ServiceDefinitions<E extends string = string> = Readonly<
  Record<string, ServiceDefinition<E>>
>;

/** A contract with the types it was written with. `contract` is its neutral form. */
export interface TypedContract<
  E extends ErrorDefinitions = ErrorDefinitions,
  S extends ServiceDefinitions = ServiceDefinitions,
> {
  readonly contract: Contract;
  /** Makes the declared errors: `throw parcels.errors.ParcelNotFound({ id })`. */
  readonly errors: { readonly [Name in keyof E]: ErrorFactory<ErrorData<E[Name]>> };
  readonly definition: { readonly errors: E; readonly services: S };
}

/** @param message instead of the declared one */
export type ErrorFactory<Data> = [Data] extends [undefined]
  ? (data?: undefined, message?: string) => Fault
  : (data: Data, message?: string) => Fault;

/** The type of a declared error's data; undefined where it carries none. */
export type ErrorData<D> =
  D extends ErrorDefinition<infer S> ? (S extends object ? SchemaOutput<S> : undefined) : never;

type Errors<C> = C extends TypedContract<infer E, ServiceDefinitions> ? E : never;
type Services<C> = C extends { readonly definition: { readonly services: infer S } } ? S : never;
type Keys<T> = Extract<keyof T, string>;

type Joined<C, Part extends 'operations' | 'events'> = {
  [S in Keys<Services<C>>]: Services<C>[S] extends { readonly [P in Part]: infer Members }
    ? `${S}.${Keys<Members>}`
    : never;
}[Keys<Services<C>>];

type Lookup<C, Part extends 'operations' | 'events', Name> = Name extends `${infer S}.${infer M}`
  ? S extends keyof Services<C>
    ? Services<C>[S] extends { readonly [P in Part]: infer Members }
      ? M extends keyof Members
        ? Members[M]
        : never
      : never
    : never
  : never;

/** Full names of a contract's operations: `'parcels.get' | 'parcels.register'`. */
export type OperationName<C> = Joined<C, 'operations'>;
/** Full names of a contract's events. */
export type EventName<C> = Joined<C, 'events'>;

type OperationOf<C, Name> = Lookup<C, 'operations', Name>;
type InputOf<C, Name> = OperationOf<C, Name> extends { readonly input: infer I } ? I : never;
type OutputOf<C, Name> = OperationOf<C, Name> extends { readonly output: infer O } ? O : never;

/** What a client sends: one value's type, also where the client streams. */
export type OperationInput<C, Name> = WireInput<InputOf<C, Name>>;
/** What a client receives: one value's type, also where the server streams. */
export type OperationOutput<C, Name> = ParsedOutput<OutputOf<C, Name>, null>;
/** True where the client streams. */
export type StreamsInput<C, Name> = InputOf<C, Name> extends StreamOf ? true : false;
/** True where the server streams. */
export type StreamsOutput<C, Name> = OutputOf<C, Name> extends StreamOf ? true : false;

/** The errors that an operation declares: a union of `{ error, data }`. */
export type OperationError<C, Name> =
  OperationOf<C, Name> extends OperationDefinition<
    'query' | 'command',
    unknown,
    unknown,
    infer E extends string
  >
    ? { [N in E]: { readonly error: N; readonly data: ErrorData<Errors<C>[N]> } }[E]
    : never;

/** The payload of an event by its full name. */
export type EventPayload<C, Name> =
  Lookup<C, 'events', Name> extends EventDefinition<infer S> ? SchemaOutput<S> : never;

type Emit<C> = <Name extends EventName<C>>(
  event: Name,
  payload: EventPayload<C, Name>,
) => Promise<void>;

/** Context of a contract's handlers: it emits the contract's own events, typed by name. */
export interface TypedContext<C> extends Omit<Context, 'emit'> {
  emit: Emit<C>;
}

/** What an application's start gets; see ApplicationServices. */
export interface TypedServices<C> {
  readonly dataDirectory: string;
  emit: Emit<C>;
  invoke(operation: string, input: unknown): MaybePromise<unknown>;
}

type HandlerInput<I> =
  I extends StreamOf<infer S>
    ? AsyncIterable<SchemaOutput<S>>
    : ParsedOutput<I, Record<never, never>>;
type HandlerAnswer<O> =
  O extends StreamOf<infer S>
    ? MaybePromise<AsyncIterable<SchemaOutput<S>>>
    : O extends undefined
      ? MaybePromise<null | undefined> | Promise<void> | void
      : MaybePromise<ParsedOutput<O, null>>;

/** One operation's code. */
export type HandlerFor<D, C> =
  D extends OperationDefinition<'query' | 'command', infer I, infer O>
    ? (input: HandlerInput<I>, context: TypedContext<C>) => HandlerAnswer<O>
    : never;

/** A handler for every operation, by service and name; a service without operations is left out. */
export type Handlers<C> = {
  readonly [S in Keys<Services<C>> as Services<C>[S] extends { operations: infer O }
    ? keyof O extends never
      ? never
      : S
    : never]: Services<C>[S] extends { readonly operations: infer O }
    ? { readonly [M in keyof O]: HandlerFor<O[M], C> }
    : never;
};
