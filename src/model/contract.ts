import type { FaultCode } from './fault.ts';
import type { JsonSchema } from './schema.ts';

/**
 * The neutral form of a contract: plain JSON, whatever it was written with or imported from.
 * Every protocol derives its documents, names and routes from this alone.
 */
export interface Contract {
  /** Version of this format. */
  readonly polywire: '1';
  /** Lower-case name, letters, digits and hyphens. */
  readonly name: string;
  /** The author's version of the contract, SemVer. */
  readonly version: string;
  readonly doc?: string;
  readonly services: readonly Service[];
  /** Errors that operations may declare, by name (PascalCase). */
  readonly errors: { readonly [name: string]: DeclaredError };
  /** Named types; schemas anywhere in the contract refer to them as `#/$defs/Name`. */
  readonly $defs: { readonly [name: string]: JsonSchema };
  /** How values of named types lead to answers of operations. Absent for none. */
  readonly links?: readonly Link[];
}

/**
 * A way from a value to another: a Scan with a `parcelId` leads to the parcel that `parcels.get`
 * answers. Protocols whose clients choose what they get follow it; the others leave it to the
 * client.
 */
export interface Link {
  /** Name of the type in `$defs` whose values have the link; an object. */
  readonly type: string;
  /** Lower camel case; no member of the type. */
  readonly name: string;
  readonly doc?: string;
  /** Full name of a query without streams, `parcels.get`. */
  readonly operation: string;
  /** The operation's input: its member, and the member of the type that it is taken from. */
  readonly input: { readonly [member: string]: string };
}

/** Another operation that answers many calls of one at once. */
export interface Batch {
  /** Full name of a query without streams that answers an array, `parcels.getMany`. */
  readonly operation: string;
  /** The member of the single call's input by which calls differ. */
  readonly member: string;
  /** The member of the batch operation's input that takes the list of them. */
  readonly list: string;
  /** The member of each answer that says which call it belongs to; one without is not found. */
  readonly key: string;
}

export interface Service {
  /** Lower camel case; the first level of the names of its operations and events. */
  readonly name: string;
  readonly doc?: string;
  readonly operations: readonly Operation[];
  readonly events: readonly EventType[];
}

/** Values that go one way: one value, or a stream of them. */
export interface Payload {
  readonly schema: JsonSchema;
  readonly stream: boolean;
}

export interface Operation {
  /** Lower camel case, unique among the service's operations and events. */
  readonly name: string;
  /** A query has no side effect; a command may have. */
  readonly kind: 'query' | 'command';
  readonly doc?: string;
  /** Why it should not be used any more, and what to use instead. */
  readonly deprecated?: string;
  /** NO_INPUT where the author declared none. A unary input is always an object schema. */
  readonly input: Payload;
  /** NO_OUTPUT where the author declared none. */
  readonly output: Payload;
  /** Names of declared errors; each is a key of the contract's `errors`. */
  readonly errors: readonly string[];
  /** Scopes that the caller needs, all of them. */
  readonly scopes: readonly string[];
  readonly examples: readonly OperationExample[];
  readonly http?: HttpBinding;
  /** How many calls of it are made as one. Only for a query without streams. */
  readonly batch?: Batch;
}

/** An author's own HTTP method and path; a path parameter is `{name}` (a member of the input). */
export interface HttpBinding {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path?: string;
}

export interface OperationExample {
  readonly name: string;
  readonly doc?: string;
  /** Where the contract says stream, `input` and `output` are arrays of the stream's items. */
  readonly input?: unknown;
  readonly output?: unknown;
}

export interface EventType {
  /** Lower camel case, unique among the service's operations and events. */
  readonly name: string;
  readonly doc?: string;
  readonly deprecated?: string;
  /**
   * Subject template: levels joined by dots, where `{member}` is a top-level member of the
   * payload. Defaults to `<service>.<name>`.
   */
  readonly subject: string;
  readonly schema: JsonSchema;
  /** Top-level member of the payload that is the message's key (order is kept within a key). */
  readonly key?: string;
  /** false: messages are kept in memory only, in no stream of their own. */
  readonly durable?: boolean;
  /** Scopes needed to publish it from outside, and to subscribe to it. */
  readonly scopes: readonly string[];
  readonly examples: readonly unknown[];
}

export interface DeclaredError {
  readonly code: FaultCode;
  readonly doc?: string;
  /** Default text of the error. */
  readonly message?: string;
  /** Schema of the error's data; absent when it carries none. */
  readonly data?: JsonSchema;
}

/** The name an operation or event has everywhere: `orders.get`. */
export function fullName(service: Service, member: { readonly name: string }): string {
  return `${service.name}.${member.name}`;
}
