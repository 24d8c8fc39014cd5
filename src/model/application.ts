import type { Contract } from './contract.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Metadata } from './metadata.ts';
import type { Principal } from './principal.ts';
import type { TraceContext } from './trace.ts';

/** What a handler gets beside its input. */
export interface Context {
  /** Full name of the operation, `orders.get`. */
  readonly operation: string;
  readonly principal: Principal;
  readonly metadata: Metadata;
  /** Aborted when the caller leaves, the deadline passes or the hub stops. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; Infinity for none. */
  readonly deadlineMs: number;
  readonly trace: TraceContext | undefined;
  /** Sets metadata that goes back with the answer (HTTP header, gRPC metadata, ...). */
  setReplyMetadata(name: string, value: string): void;
  /** Publishes an event of a contract that this hub serves, by its full name. The payload is
   * validated. Resolves when the hub has accepted it. */
  emit(event: string, payload: unknown): Promise<void>;
  /** Calls another operation of this hub by its full name, as the same principal, within the
   * same deadline and trace. */
  invoke(operation: string, input: unknown): MaybePromise<unknown>;
}

/**
 * One operation's code. Input: the value, or an async iterable where the contract says stream.
 * Answer: the value, a promise of it, or an async iterable (or a promise of one) where the
 * contract says stream. Throws a Fault; anything else thrown is INTERNAL.
 */
export type Handler = (input: never, context: Context) => unknown;

/**
 * A second look at an input by the library its schema was written with: what JSON Schema cannot
 * say (refinements), and what the author's types promise (defaults, transformations). Answers the
 * value that the handler gets, or throws a Fault INVALID_ARGUMENT with violations.
 */
export type Parser = (value: unknown) => MaybePromise<unknown>;

/** A contract with the code behind it: what `hub.add` takes. */
export interface Application {
  readonly contract: Contract;
  /** By full operation name; every operation of the contract has one. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** By full operation name, for inputs (of each item where the input is a stream). */
  readonly parsers: ReadonlyMap<string, Parser>;
  /** Called before the first call; opens what handlers need. */
  start?(services: ApplicationServices): MaybePromise<void>;
  /** Called after the last call of a graceful stop. */
  stop?(): MaybePromise<void>;
}

/** What an application may use from its start on. */
export interface ApplicationServices {
  /** Folder for the application's own state; it exists. */
  readonly dataDirectory: string;
  emit(event: string, payload: unknown): Promise<void>;
  invoke(operation: string, input: unknown): MaybePromise<unknown>;
}
