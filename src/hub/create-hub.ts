import type { Application } from '../model/application.ts';
import { Call } from '../model/call.ts';
import type { Contract } from '../model/contract.ts';
import { Fault } from '../model/fault.ts';
import { isPromise, type MaybePromise } from '../model/maybe-promise.ts';
import type { Message } from '../model/message.ts';
import { ANONYMOUS, type Credentials, LOCAL, type Principal } from '../model/principal.ts';
import type { TraceContext } from '../model/trace.ts';
import type { Authenticator } from './authenticator.ts';
import { CallRunner } from './call-runner.ts';
import { compose, observersOf } from './compose.ts';
import { Diagnostics, type Meter } from './diagnostics.ts';
import { Exchange } from './exchange.ts';
import { type HandlerServices, heeded } from './handler-context.ts';
import type {
  Endpoint,
  EventEndpoint,
  Hub,
  Origin,
  SubscribeOptions,
  Subscriber,
  Subscription,
} from './hub.ts';
import { type DrainReport, Lifecycle } from './lifecycle.ts';
import { type Logger, NO_LOGGER } from './logger.ts';
import type { Middleware } from './middleware.ts';
import { DEFAULT_HUB_SETTINGS, type HubOptions, type HubSettings } from './options.ts';
import { Registry } from './registry.ts';
import { ServedEndpoint } from './served-endpoint.ts';
import { HubStreams } from './streams/hub-streams.ts';
import type { Streams } from './streams.ts';

export type { DrainReport } from './lifecycle.ts';
export type { HubOptions } from './options.ts';

/** A hub in the hands of whoever runs it. */
export interface RunningHub extends Hub {
  /** Starts the applications; calls are taken when it resolves.
   * @throws what an application threw; those that had started are stopped again. */
  start(): Promise<void>;
  /** Refuses new calls (UNAVAILABLE), lets running ones finish until the deadline, aborts the
   * others, ends the subscriptions, then stops the applications. */
  drain(deadlineMs: number): Promise<DrainReport>;
  /** The same without waiting for anybody. */
  stop(): Promise<void>;
}

/** A hub without protocols: applications are added to it, protocols serve it. */
export function createHub(options: HubOptions = {}): RunningHub {
  return new RunningHubImplementation(options);
}

class RunningHubImplementation implements RunningHub, HandlerServices {
  readonly diagnostics = new Diagnostics();
  readonly anonymousDenied: boolean;
  readonly streams: Streams | undefined;
  readonly #middleware: readonly Middleware[];
  readonly #authenticator: Authenticator | undefined;
  readonly #registry: Registry;
  readonly #runner: CallRunner;
  readonly #exchange: Exchange;
  readonly #hubStreams: HubStreams | undefined;
  readonly #lifecycle: Lifecycle;
  /** Whose figures count what handlers do. */
  readonly #inner: Origin;
  readonly logger: Logger;

  constructor(options: HubOptions) {
    const settings: HubSettings = { ...DEFAULT_HUB_SETTINGS, ...definedOnly(options) };
    const logger = options.logger ?? NO_LOGGER;
    this.logger = logger;
    this.#middleware = options.middleware ?? [];
    this.#authenticator = options.authenticator;
    this.anonymousDenied = this.#authenticator?.anonymous === 'deny';
    this.#registry = new Registry(checksOutputs(settings));
    this.#runner = new CallRunner(settings, logger);
    this.#hubStreams =
      options.storage === undefined
        ? undefined
        : new HubStreams(options.storage, this.#registry.events, logger, {
            anonymousDenied: this.anonymousDenied,
            closed: () => this.#exchange.closed,
          });
    this.streams = this.#hubStreams?.service;
    this.#exchange = new Exchange(
      this.#registry.events,
      settings,
      logger,
      this.#middleware,
      this.anonymousDenied,
      this.#hubStreams,
    );
    this.#inner = { principal: LOCAL, meter: this.diagnostics.meter('hub') };
    this.#lifecycle = new Lifecycle({
      registry: this.#registry,
      runner: this.#runner,
      exchange: this.#exchange,
      streams: this.#hubStreams,
      logger,
      dataDirectory: options.dataDirectory,
      services: {
        emit: (event, payload) => heeded(async () => this.emit(event, payload, undefined)),
        invoke: (operation, input) => this.#invokeInside(operation, input),
      },
    });
  }

  get state(): Hub['state'] {
    return this.#lifecycle.state;
  }

  contracts(): readonly Contract[] {
    return this.#registry.contracts();
  }

  endpoints(): Iterable<Endpoint> {
    return this.#registry.endpoints();
  }

  events(): Iterable<EventEndpoint> {
    return this.#registry.allEvents();
  }

  endpoint(name: string): Endpoint | undefined {
    return this.#registry.endpoint(name);
  }

  event(name: string): EventEndpoint | undefined {
    return this.#registry.events.get(name);
  }

  add(application: Application): void {
    const { served, endpoints } = this.#registry.add(application);
    for (const endpoint of endpoints) {
      const parser = application.parsers.get(endpoint.name);
      if (parser !== undefined && endpoint.operation.input.stream) {
        this.#runner.setItemParser(endpoint, parser);
      }
      endpoint.observers = observersOf(endpoint, this.#middleware);
      endpoint.run = compose(
        endpoint,
        application.handlers.get(endpoint.name)!,
        parser,
        this.#middleware,
        this.anonymousDenied,
        this,
      );
    }
    this.#exchange.eventsChanged();
    this.#lifecycle.added(served);
  }

  invoke(endpoint: Endpoint, call: Call, meter: Meter): MaybePromise<unknown> {
    const served =
      endpoint instanceof ServedEndpoint ? endpoint : this.#registry.endpoint(endpoint.name);
    if (served === undefined) {
      meter.received++;
      meter.refused++;
      throw new Fault('UNIMPLEMENTED', `There is no operation ${endpoint.name}.`);
    }
    return this.#runner.run(served, call, meter);
  }

  publish(messages: readonly Message[], origin: Origin): MaybePromise<void> {
    return this.#exchange.publish(messages, origin);
  }

  subscribe(options: SubscribeOptions, subscriber: Subscriber, origin: Origin): Subscription {
    return this.#exchange.subscribe(options, subscriber, origin);
  }

  mayReceive(subject: string, origin: Origin): boolean {
    return this.#exchange.mayReceive(subject, origin);
  }

  authenticate(credentials: Credentials): MaybePromise<Principal> {
    if (this.#authenticator === undefined) return LOCAL;
    if (credentials.kind === 'none') return ANONYMOUS;
    return this.#authenticator.authenticate(credentials);
  }

  get scramVerifier(): Hub['scramVerifier'] {
    return this.#authenticator?.verifier;
  }

  emit(event: string, payload: unknown, trace: TraceContext | undefined): MaybePromise<void> {
    try {
      const emitted = this.#exchange.emit(event, payload, trace, this.#inner);
      return isPromise(emitted)
        ? emitted.catch((thrown: unknown) => this.#emitRefused(event, thrown))
        : emitted;
    } catch (thrown) {
      return this.#emitRefused(event, thrown);
    }
  }

  #emitRefused(event: string, thrown: unknown): never {
    // Where it does not fit, not what it holds: payloads stay out of logs.
    const { code, violations } = Fault.from(thrown);
    const places = violations?.map(({ path }) => path);
    this.logger.warn({ event, code, places }, 'an event of a handler was refused');
    throw thrown;
  }

  invokeFrom(parent: Call, operation: string, input: unknown): MaybePromise<unknown> {
    const endpoint = this.#known(operation);
    const call = new Call({
      input,
      principal: parent.principal,
      metadata: parent.metadata,
      deadlineMs: parent.deadlineMs,
      trace: parent.trace,
      depth: parent.depth + 1,
    });
    if (parent.aborted !== undefined) call.abort(parent.aborted);
    const answer = this.#runner.run(endpoint, call, this.#inner.meter);
    // Nothing could abort it before; a call that is over does not follow any more.
    call.follow(parent);
    return answer;
  }

  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  drain(deadlineMs: number): Promise<DrainReport> {
    return this.#lifecycle.drain(deadlineMs);
  }

  async stop(): Promise<void> {
    await this.#lifecycle.drain(0);
  }

  #invokeInside(operation: string, input: unknown): MaybePromise<unknown> {
    const call = new Call({ input, principal: LOCAL, depth: 1 });
    return this.#runner.run(this.#known(operation), call, this.#inner.meter);
  }

  #known(operation: string): ServedEndpoint {
    const endpoint = this.#registry.endpoint(operation);
    if (endpoint === undefined) {
      throw new TypeError(`no contract of this hub has an operation "${operation}"`);
    }
    return endpoint;
  }
}

function checksOutputs(settings: HubSettings): boolean {
  if (settings.validateOutputs === 'never') return false;
  return settings.validateOutputs === 'always' || process.env.NODE_ENV !== 'production';
}

/** The settings among the options that are set. */
function definedOnly(options: HubOptions): Partial<HubSettings> {
  return Object.fromEntries(
    Object.keys(DEFAULT_HUB_SETTINGS)
      .map((name) => [name, options[name as keyof HubSettings]] as const)
      .filter(([, value]) => value !== undefined),
  );
}
