import type { Batch, HttpBinding } from '../contract.ts';
import type { FaultCode } from '../fault.ts';
import type { Schema, SchemaInput, SchemaOutput, StreamOf } from './standard-schema.ts';

/** A schema, a stream of it, or nothing. */
export type PayloadDefinition = Schema | StreamOf | undefined;

/** The value of a payload as it is on the way to its schema (what a client sends). */
export type WireInput<P> =
  P extends StreamOf<infer S>
    ? SchemaInput<S>
    : P extends undefined
      ? Record<never, never> | undefined
      : SchemaInput<P>;

/** The value of a payload behind its schema (what a handler gets, and what a client receives). */
export type ParsedOutput<P, Nothing> =
  P extends StreamOf<infer S> ? SchemaOutput<S> : P extends undefined ? Nothing : SchemaOutput<P>;

type OrItems<P, Value> = P extends StreamOf ? readonly Value[] : Value;

export interface ExampleDefinition<I, O> {
  /** Unique among the operation's examples. */
  readonly name: string;
  readonly doc?: string;
  /** For a stream: its items as an array. */
  readonly input?: OrItems<I, WireInput<I>>;
  readonly output?: OrItems<O, ParsedOutput<O, null>>;
}

export interface OperationOptions<I extends PayloadDefinition, O extends PayloadDefinition, E> {
  readonly doc?: string;
  /** Why it should not be used any more, and what to use instead. */
  readonly deprecated?: string;
  /** An object schema, or `stream(...)` of any schema. None: an empty object. */
  readonly input?: I;
  /** Any schema or `stream(...)`. None: the operation answers null. */
  readonly output?: O;
  /** Names among the contract's `errors`. */
  readonly errors?: readonly E[];
  readonly scopes?: readonly string[];
  readonly http?: HttpBinding;
  /** Another operation that answers many calls of this one at once. */
  readonly batch?: Batch;
  readonly examples?: readonly ExampleDefinition<NoInfer<I>, NoInfer<O>>[];
}

export interface OperationDefinition<
  Kind extends 'query' | 'command' = 'query' | 'command',
  I = unknown,
  O = unknown,
  E extends string = string,
> {
  readonly kind: Kind;
  readonly doc?: string | undefined;
  readonly deprecated?: string | undefined;
  readonly input: I;
  readonly output: O;
  readonly errors: readonly E[];
  readonly scopes?: readonly string[] | undefined;
  readonly http?: HttpBinding | undefined;
  readonly batch?: Batch | undefined;
  readonly examples?:
    | readonly {
        readonly name: string;
        readonly doc?: string;
        readonly input?: unknown;
        readonly output?: unknown;
      }[]
    | undefined;
}

/** An operation without side effects. */
export function query<
  const I extends PayloadDefinition = undefined,
  const O extends PayloadDefinition = undefined,
  const E extends string = never,
>(
  options: OperationOptions<I, O, E>,
): OperationDefinition<'query', NoInfer<I>, NoInfer<O>, NoInfer<E>> {
  return operation('query', options);
}

/** An operation that may change something. */
export function command<
  const I extends PayloadDefinition = undefined,
  const O extends PayloadDefinition = undefined,
  const E extends string = never,
>(
  options: OperationOptions<I, O, E>,
): OperationDefinition<'command', NoInfer<I>, NoInfer<O>, NoInfer<E>> {
  return operation('command', options);
}

function operation<
  Kind extends 'query' | 'command',
  I extends PayloadDefinition,
  O extends PayloadDefinition,
  E extends string,
>(kind: Kind, options: OperationOptions<I, O, E>): OperationDefinition<Kind, I, O, E> {
  return {
    ...options,
    kind,
    input: options.input as I,
    output: options.output as O,
    errors: options.errors ?? [],
  };
}

/** A stream of values: as an operation's input the client streams, as its output the server. */
export function stream<const S extends Schema>(schema: S): StreamOf<S> {
  return { '~stream': schema };
}

export interface EventDefinition<S = unknown> {
  readonly doc?: string;
  readonly deprecated?: string;
  /** Levels joined by dots; `{member}` stands for a member of the payload. Defaults to
   * `<service>.<event>`. */
  readonly subject?: string;
  /** Member of the payload that is the message's key: order is kept within a key. */
  readonly key?: string;
  /** false: its messages are kept in memory only. Left out, they are in a stream on disk. */
  readonly durable?: boolean;
  readonly payload: S;
  readonly scopes?: readonly string[];
  readonly examples?: readonly unknown[];
}

/** A type of message. */
export function event<const S extends Schema>(
  definition: EventDefinition<S> & { readonly examples?: readonly SchemaOutput<NoInfer<S>>[] },
): EventDefinition<S> {
  return definition;
}

export interface ErrorDefinition<S = unknown> {
  readonly code: FaultCode;
  readonly doc?: string;
  /** Text that people see when the handler gives none. */
  readonly message?: string;
  /** Schema of the data that comes with the error; undefined where it carries none. */
  readonly data: S;
}

/** An error that operations may declare; its data is typed for handlers and clients. */
export function error<const S extends Schema | undefined = undefined>(
  definition: Omit<ErrorDefinition, 'data'> & { readonly data?: S },
): ErrorDefinition<NoInfer<S>> {
  return { ...definition, data: definition.data as NoInfer<S> };
}

export interface ServiceDefinition<
  E extends string = string,
  O extends Readonly<
    Record<string, OperationDefinition<'query' | 'command', unknown, unknown, E>>
  > = Readonly<Record<string, OperationDefinition<'query' | 'command', unknown, unknown, E>>>,
  V extends Readonly<Record<string, EventDefinition>> = Readonly<Record<string, EventDefinition>>,
> {
  readonly doc?: string | undefined;
  readonly operations: O;
  readonly events: V;
}

/** Operations and events that belong together; the service's name is the first level of theirs. */
export function service<
  O extends Readonly<Record<string, OperationDefinition>> = Record<never, never>,
  V extends Readonly<Record<string, EventDefinition>> = Record<never, never>,
>(options: {
  readonly doc?: string;
  readonly operations?: O;
  readonly events?: V;
}): { readonly doc?: string | undefined; readonly operations: O; readonly events: V } {
  return {
    doc: options.doc,
    operations: options.operations ?? ({} as O),
    events: options.events ?? ({} as V),
  };
}
