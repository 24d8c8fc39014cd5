import type { Origin } from '../../hub/hub.ts';
import type { Connection, Receiver } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { advertisedAddress, plainAddress } from './address.ts';
import {
  type Address,
  API_VERSIONS,
  type Broker,
  type Client,
  type RequestContext,
  UNKNOWN_VERSION,
} from './context.ts';
import type { AnyHandler } from './dispatch.ts';
import { errorOf } from './faults.ts';
import { AT_ONCE_BYTES, FrameReader } from './frames.ts';
import { type RequestHeader, readRequestHeader } from './request-header.ts';
import { encodeResponse, rawAnswer } from './response.ts';
import { Login } from './sasl/login.ts';
import { Reader } from './wire/reader.ts';
import { WireError } from './wire/wire-error.ts';

/** Requests and bytes of one connection that may wait before it is not read any more. */
const MAX_QUEUED = 64;
const MAX_QUEUED_BYTES = 16_777_216;

/** A request under way. Responses go out in the order of requests. */
interface Running {
  /** Of its body, until they are given back. */
  bytes: number;
  overlaps: boolean;
  /** A promise will settle it. */
  pending: boolean;
  /** The response; empty for none; undefined while it is not there. */
  response: readonly Buffer[] | undefined;
}

/** Largest request before a login that is asked for. */
const MAX_LOGIN_BYTES = 65_536;

/**
 * One Kafka client. Requests are handled one after the other, as Kafka has it; only those that
 * wait for commits overlap.
 */
export class KafkaConnection implements Receiver, Client {
  readonly #broker: Broker;
  readonly #connection: Connection;
  readonly #frames: FrameReader;
  readonly #onClosed: (connection: KafkaConnection) => void;
  readonly #queue: Buffer[] = [];
  readonly #running: Running[] = [];
  readonly #endListeners = new Set<() => void>();
  readonly login: Login;
  /** Bytes of queued and running requests. */
  #held = 0;
  /** Bytes of the request that has not arrived as a whole. */
  #arriving = 0;
  /** Bytes of responses that the client is slow to take. */
  #unsent = 0;
  #paused = false;
  #blocked = false;
  /** Takes no more requests: the hub drains, or the client sends no more. */
  #ending = false;
  /** The connection is being closed for what came on it. */
  #broken = false;
  #closed = false;
  #handling = false;
  #active = true;
  #loginTimer: NodeJS.Timeout | undefined;

  constructor(
    broker: Broker,
    connection: Connection,
    onClosed: (connection: KafkaConnection) => void,
  ) {
    this.#broker = broker;
    this.#connection = connection;
    this.#onClosed = onClosed;
    this.login = new Login(broker);
    this.#frames = new FrameReader(this.#maxRequestBytes);
    if (!this.login.open) {
      const late = (): void => {
        if (!this.login.open) this.#breakOff(new WireError('it did not log in in time'));
      };
      this.#loginTimer = setTimeout(late, broker.options.authenticateTimeoutMs).unref();
    }
  }

  get peer(): Client['peer'] {
    return this.#connection.peer;
  }

  get host(): string {
    return plainAddress(this.#connection.peer.address);
  }

  get origin(): Origin {
    return this.login.origin;
  }

  get advertised(): Address {
    return advertisedAddress(this.#broker.options.advertised, this.#connection.local);
  }

  /** Who is not known yet cannot make us keep much. */
  get #maxRequestBytes(): number {
    const { maxRequestBytes } = this.#broker.options;
    return this.login.open ? maxRequestBytes : Math.min(maxRequestBytes, MAX_LOGIN_BYTES);
  }

  onEnd(listener: () => void): () => void {
    if (this.#ending || this.#closed) queueMicrotask(listener);
    else this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }

  data(bytes: Buffer): void {
    this.#active = true;
    try {
      this.#frames.push(bytes, this.#take);
      if (this.#frames.bytes !== this.#arriving) this.#countArriving(this.#frames.bytes);
    } catch (error) {
      this.#breakOff(error);
    }
    this.#run();
  }

  readonly #take = (body: Buffer): void => {
    if (this.#ending) return;
    this.#queue.push(body);
    this.#held += body.length;
    this.#broker.budget.take(body.length);
    if (!this.#paused && this.#full) this.#pause();
  };

  get #full(): boolean {
    return (
      this.#queue.length + this.#running.length >= MAX_QUEUED ||
      this.#held >= MAX_QUEUED_BYTES ||
      this.#broker.budget.exhausted
    );
  }

  #pause(): void {
    this.#paused = true;
    this.#connection.pause();
  }

  readonly #resume = (): void => {
    if (!this.#paused || this.#closed) return;
    if (this.#full) {
      // Its own requests will call again when they are answered; the budget is others' as well.
      if (this.#held === 0) this.#broker.budget.wait(this.#resume);
      return;
    }
    this.#paused = false;
    this.#connection.resume();
  };

  #run(): void {
    if (this.#handling) return;
    this.#handling = true;
    try {
      while (this.#queue.length > 0 && !this.#blocked && !this.#closed && !this.#broken) {
        const last = this.#running.at(-1);
        if (last !== undefined && !this.#mayOverlap(last, this.#queue[0]!)) break;
        this.#start(this.#queue.shift()!);
      }
    } catch (error) {
      this.#breakOff(error);
    } finally {
      this.#handling = false;
    }
    if (this.#ending && !this.#broken && this.#running.length === 0 && this.#queue.length === 0) {
      this.#connection.end();
    }
  }

  #mayOverlap(last: Running, body: Buffer): boolean {
    if (!last.overlaps || body.length < 2 || this.login.rawToken) return false;
    return this.#broker.handlers.get(body.readInt16BE(0))?.overlaps === true;
  }

  /** @throws WireError, and what has no answer */
  #start(body: Buffer): void {
    const running: Running = {
      bytes: body.length,
      overlaps: false,
      pending: false,
      response: undefined,
    };
    this.#running.push(running);
    if (this.login.rawToken) {
      this.#wait(running, this.login.token(body), rawAnswer);
      return;
    }
    const reader = new Reader(body);
    const header = readRequestHeader(reader);
    const api = this.#broker.handlers.get(header.key);
    if (api === undefined) throw new WireError(`API ${header.key} is not served`);
    if (!this.login.mayAsk(api)) {
      throw new WireError(`${api.name} came before the client had said who it is (SASL)`);
    }
    const context = this.#contextOf(api, header);
    let request: unknown;
    if (context.version >= 0) {
      if (api.request.flexible(context.version)) reader.skipTags();
      request = api.request.read(reader, context.version);
    }
    this.#broker.meter.received++;
    running.overlaps = api.overlaps === true;
    let answer: MaybePromise<unknown>;
    try {
      answer = api.handle(request, context);
    } catch (error) {
      this.#settle(running, this.#failure(api, request, context, error));
      return;
    }
    this.#wait(
      running,
      answer,
      (value) => encodeResponse(api, context, value),
      (error) => this.#failure(api, request, context, error),
    );
  }

  #contextOf(api: AnyHandler, header: RequestHeader): RequestContext {
    let { version } = header;
    const [first, last] = api.versions;
    if (version < first || version > last) {
      if (api.key !== API_VERSIONS) {
        throw new WireError(
          `${api.name} is served from version ${first} to ${last}, not ${version}`,
        );
      }
      version = UNKNOWN_VERSION;
    }
    const { correlationId, clientId } = header;
    return { broker: this.#broker, client: this, version, correlationId, clientId };
  }

  #wait<T>(
    running: Running,
    answer: MaybePromise<T>,
    respond: (value: T) => readonly Buffer[],
    fail?: (error: unknown) => readonly Buffer[],
  ): void {
    if (!isPromise(answer)) {
      this.#settle(running, respond(answer));
      return;
    }
    running.pending = true;
    const later = (response: () => readonly Buffer[]): void => {
      running.pending = false;
      try {
        if (this.#closed || this.#broken) this.#release(running);
        else this.#settle(running, response());
      } catch (error) {
        this.#breakOff(error);
      }
      this.#run();
    };
    answer.then(
      (value) => later(() => respond(value)),
      (error) =>
        later(() => {
          if (fail === undefined) throw error;
          return fail(error);
        }),
    );
  }

  /** @throws what has no answer */
  #failure(
    api: AnyHandler,
    request: unknown,
    context: RequestContext,
    thrown: unknown,
  ): readonly Buffer[] {
    this.#broker.meter.failed++;
    if (!(thrown instanceof Fault)) {
      this.#broker.hub.logger.error({ err: thrown, api: api.name }, 'A Kafka request failed');
    }
    if (api.failed === undefined || context.version < 0) throw thrown;
    return encodeResponse(api, context, api.failed(errorOf(thrown), request, context));
  }

  #settle(running: Running, response: readonly Buffer[]): void {
    running.response = response;
    while (this.#running.length > 0 && this.#running[0]!.response !== undefined) {
      const done = this.#running.shift()!;
      for (const part of done.response!) {
        if (!this.#connection.write(part)) this.#blocked = true;
      }
      this.#release(done);
    }
    if (this.#blocked) this.#countUnsent(this.#connection.queuedBytes);
    this.#frames.maxBytes = this.#maxRequestBytes;
    if (this.login.failed) this.#breakOff(new WireError('its login failed'));
    if (this.#paused) this.#resume();
  }

  /** @throws WireError for a large request while those of all connections take too much */
  #countArriving(bytes: number): void {
    const { arriving, options } = this.#broker;
    arriving.give(this.#arriving);
    arriving.take(bytes);
    this.#arriving = bytes;
    if (bytes <= AT_ONCE_BYTES || !arriving.exhausted) return;
    throw new WireError(
      `requests that have not ended take more than ${options.maxBytesArriving} bytes (protocols.kafka.maxBytesArriving), and its is a large one`,
    );
  }

  #countUnsent(bytes: number): void {
    const { unsent } = this.#broker;
    unsent.give(this.#unsent);
    unsent.take(bytes);
    this.#unsent = bytes;
  }

  #release(running: Running): void {
    this.#held -= running.bytes;
    this.#broker.budget.give(running.bytes);
    running.bytes = 0;
  }

  /** Bytes that are not Kafka's, or a request that has no answer: Kafka closes such connections. */
  #breakOff(error: unknown): void {
    if (this.#closed || this.#broken) return;
    this.#broken = true;
    this.#ending = true;
    const { hub, meter } = this.#broker;
    const fields = { peer: this.#connection.peer.address, reason: (error as Error).message };
    meter.refused++;
    if (error instanceof WireError) hub.logger.info(fields, 'A Kafka connection was closed');
    else hub.logger.error({ ...fields, err: error }, 'A Kafka connection failed');
    this.#discard();
    this.#connection.end();
  }

  /** Gives up what was not begun, and what nothing will settle. */
  #discard(): void {
    for (const body of this.#queue.splice(0)) {
      this.#held -= body.length;
      this.#broker.budget.give(body.length);
    }
    for (const running of this.#running) if (!running.pending) this.#release(running);
  }

  ended(): void {
    this.#end();
  }

  drain(): void {
    this.#end();
  }

  #end(): void {
    this.#ending = true;
    for (const listener of this.#endListeners) listener();
    this.#endListeners.clear();
    this.#run();
  }

  drained(): void {
    this.#blocked = false;
    this.#countUnsent(0);
    this.#run();
  }

  closed(): void {
    this.#closed = true;
    clearTimeout(this.#loginTimer);
    this.#countUnsent(0);
    this.#countArriving(0);
    this.#broker.budget.forget(this.#resume);
    this.#discard();
    for (const listener of this.#endListeners) listener();
    this.#endListeners.clear();
    this.#onClosed(this);
  }

  /** Ends the connection when nothing came since the last look and nothing runs. */
  endIfIdle(): void {
    if (this.#active || this.#running.length > 0) this.#active = false;
    else this.#connection.end();
  }
}
