import type { Application } from '../model/application.ts';
import type { Call } from '../model/call.ts';
import type { Contract, EventType, Operation, Service } from '../model/contract.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Delivery, Message } from '../model/message.ts';
import type { Credentials, Principal, ScramHash, ScramVerifier } from '../model/principal.ts';
import type { Diagnostics, Meter } from './diagnostics.ts';
import type { Logger } from './logger.ts';
import type { Streams } from './streams.ts';

/** An operation that the hub serves. */
export interface Endpoint {
  /** `orders.get` */
  readonly name: string;
  readonly contract: Contract;
  readonly service: Service;
  readonly operation: Operation;
}

/** An event type that the hub knows. */
export interface EventEndpoint {
  /** `orders.placed` */
  readonly name: string;
  readonly contract: Contract;
  readonly service: Service;
  readonly event: EventType;
}

/** Whose messages or subscription it is, and whose figures count it. */
export interface Origin {
  readonly principal: Principal;
  readonly meter: Meter;
}

/** Receives batches of a subscription. */
export interface Subscriber {
  /** Never more deliveries than the credit that was given. */
  deliver(batch: readonly Delivery[]): void;
  /** `count` deliveries were lost: the receiver gave no credit in time, or retention deleted them
   * before it did. Optional. */
  dropped?(count: number): void;
  /** Everything that was there when it subscribed has been delivered. Called once. Optional. */
  caughtUp?(): void;
  /** The hub ends the subscription. */
  closed(): void;
}

export interface SubscribeOptions {
  /** Filter text: levels joined by dots, `*` for one level, `>` at the end for one or more. */
  readonly filter: string;
  /** Deliveries wanted now; more by `credit`. */
  readonly credit: number;
  /** Resume after this position (of an earlier delivery). */
  readonly after?: string | undefined;
  /** Where to begin without a position: `now` (the default), `start` of what is kept, or a time in
   * milliseconds since 1970-01-01T00:00Z. */
  readonly from?: 'now' | 'start' | number | undefined;
  /** Begin so far back: about as many of the latest messages, of each partition where a stream
   * holds them. Counts before `from`. */
  readonly last?: number | undefined;
}

export interface Subscription {
  /** `true` when the position to resume after is no longer held: something may be missing. */
  readonly gap: boolean;
  /** Everything before it has been delivered, or was not meant for it: a position to resume after
   * when all deliveries so far are done. Undefined where the hub has no streams. */
  readonly position: string | undefined;
  /** The receiver takes `count` more. */
  credit(count: number): void;
  close(): void;
}

/** The exchange itself, as protocols see it. */
export interface Hub {
  readonly state: 'starting' | 'ready' | 'draining' | 'stopped';
  readonly diagnostics: Diagnostics;
  readonly logger: Logger;
  /** Whether callers without credentials are refused everything. */
  readonly anonymousDenied: boolean;
  /** Undefined where the hub was made without an engine. */
  readonly streams: Streams | undefined;

  contracts(): readonly Contract[];
  endpoints(): Iterable<Endpoint>;
  events(): Iterable<EventEndpoint>;
  /** By full name, `orders.get`. */
  endpoint(name: string): Endpoint | undefined;
  event(name: string): EventEndpoint | undefined;

  add(application: Application): void;

  /**
   * Runs a call through the middleware to its handler. Answers the value or an async iterable,
   * directly or as a promise; throws (or rejects with) a Fault and nothing else. The async iterable
   * must be read to its end or have its `return` called.
   * @param meter of the protocol that the call came by
   */
  invoke(endpoint: Endpoint, call: Call, meter: Meter): MaybePromise<unknown>;

  /** Accepts a batch, all or nothing. */
  publish(messages: readonly Message[], origin: Origin): MaybePromise<void>;

  /** @throws Fault INVALID_ARGUMENT for a bad filter, PERMISSION_DENIED, UNAUTHENTICATED. */
  subscribe(options: SubscribeOptions, subscriber: Subscriber, origin: Origin): Subscription;

  /** Whether a subscription of this caller would be given messages on this subject: for those that
   * a protocol keeps itself. */
  mayReceive(subject: string, origin: Origin): boolean;

  /** Who these credentials belong to. @throws Fault UNAUTHENTICATED for bad ones; missing ones
   * give the anonymous principal (or the local one where authentication is not configured). */
  authenticate(credentials: Credentials): MaybePromise<Principal>;
  /** What SCRAM checks a user's password by; for a user that is not there too. Undefined where no
   * user has a password. */
  readonly scramVerifier: ((user: string, hash: ScramHash) => Promise<ScramVerifier>) | undefined;
}
