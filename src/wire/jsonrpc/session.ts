import type { Endpoint } from '../../hub/hub.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import {
  answerUnary,
  type Caller,
  callOf,
  type RpcService,
  refuse,
  unknownMethod,
} from './answer.ts';
import { idText, idTextOf, isResponse, parseRpc, type RpcRequest, requestFault } from './codec.ts';
import { INVALID_REQUEST, PARSE_ERROR, RpcFault } from './faults.ts';
import { LSP_CANCEL } from './methods.ts';
import { inputOf, streamInputFault } from './parameters.ts';
import { SessionMethods } from './session-methods.ts';
import { StreamCall, type StreamHost } from './stream-call.ts';
import type { SessionSubscription, SubscriptionHost } from './subscription.ts';

/** What carries a session's messages: a WebSocket, or a byte connection with a framing. */
export interface MessageTransport {
  /** Answers false when more is queued than the peer reads: stop until `session.drained`. */
  send(text: string): boolean;
  /** No more messages, please; what has been read already may still come. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  close(reason: CloseReason): void;
}

/** `draining`: the hub stops. `ended`: the peer has ended and has all answers. `refused`: what
 * came is not acceptable. */
export type CloseReason = 'draining' | 'ended' | 'refused';

/** Reasons for which a session reads nothing, as bits. */
const OUTPUT_FULL = 1;
const CALLS_FULL = 2;
const ITEMS_FULL = 4;
const AUTHENTICATING = 8;

/**
 * The hub's side of one JSON-RPC conversation: many calls in flight, streams in both directions,
 * subscriptions. Every request is answered exactly once, a batch by one message. Memory is bounded:
 * while the peer does not read, too many calls run or a stream is overrun, nothing more is read.
 */
export class Session implements Caller, StreamHost, SubscriptionHost {
  readonly service: RpcService;
  readonly metadata: Metadata;
  readonly deadlineMs = undefined;
  readonly trace = undefined;
  principal!: Principal;
  /** Streaming calls that run, by the text of their ids. */
  readonly streams = new Map<string, StreamCall>();
  readonly subscriptions = new Map<string, SessionSubscription>();
  readonly #transport: MessageTransport;
  readonly #methods: SessionMethods;
  /** Unary calls that run and can be cancelled, by the text of their ids. */
  readonly #calls = new Map<string, Call>();
  /** All unary calls that run, notifications among them. */
  readonly #running = new Set<Call>();
  /** Messages that were read before reading stopped: bounded by one read of the transport. */
  #waiting: string[] = [];
  /** Messages whose answers are on their way. */
  #unanswered = 0;
  #stopped = 0;
  #overruns = 0;
  #inputEnded = false;
  #draining = false;
  #closing = false;
  #closed = false;
  #authenticateTimer: NodeJS.Timeout | undefined;

  /** @param metadata of the connection: every call has it. */
  constructor(
    service: RpcService,
    transport: MessageTransport,
    principal: MaybePromise<Principal>,
    metadata: Metadata,
  ) {
    this.service = service;
    this.metadata = metadata;
    this.#transport = transport;
    this.#methods = new SessionMethods(this);
    if (isPromise(principal)) void this.#admit(principal);
    else this.principal = principal;
    this.#awaitCredentials();
  }

  /** Who shows no credentials where they are asked for cannot hold a connection for ever. */
  #awaitCredentials(): void {
    const { hub, authenticateTimeoutMs } = this.service;
    if (!hub.anonymousDenied || authenticateTimeoutMs === 0 || this.principal?.authenticated)
      return;
    this.#authenticateTimer = setTimeout(() => {
      if (this.#closed || this.principal?.authenticated) return;
      if ((this.#stopped & AUTHENTICATING) !== 0) {
        // Credentials came and are being checked, which is done a few times at most.
        this.#awaitCredentials();
        return;
      }
      this.refuseText(
        new Fault('UNAUTHENTICATED', `No credentials came within ${authenticateTimeoutMs} ms.`),
      );
      this.#transport.close('refused');
    }, authenticateTimeoutMs).unref();
  }

  async #admit(principal: Promise<Principal>): Promise<void> {
    try {
      this.principal = await this.hold(principal);
    } catch (error) {
      this.#waiting = [];
      this.refuseText(Fault.from(error));
      this.#transport.close('refused');
    }
  }

  /** Nothing runs and nothing is subscribed to. */
  get idle(): boolean {
    return (
      this.#unanswered === 0 &&
      this.streams.size === 0 &&
      this.subscriptions.size === 0 &&
      this.#waiting.length === 0
    );
  }

  get writable(): boolean {
    return (this.#stopped & OUTPUT_FULL) === 0;
  }

  send(text: string): void {
    if (this.#closed) return;
    if (!this.#transport.send(text)) this.#stop(OUTPUT_FULL);
  }

  /** A message from the peer; undefined for one that is no UTF-8. */
  receive(text: string | undefined): void {
    if (this.#closed) return;
    if (text === undefined) {
      this.refuseText(new RpcFault(PARSE_ERROR, 'A message is not UTF-8.'));
    } else if (this.#stopped !== 0) this.#waiting.push(text);
    else this.#handle(text);
  }

  /** Answers what came and cannot be told apart into requests. */
  refuseText(fault: Fault): void {
    this.send(refuse(this.service, 'null', fault)!);
  }

  #handle(text: string): void {
    let value: unknown;
    try {
      value = parseRpc(text, this.service.limits.maxDepth);
    } catch (error) {
      this.refuseText(Fault.from(error));
      return;
    }
    const answer = Array.isArray(value) ? this.#batch(value) : this.#one(value, false);
    if (isPromise(answer)) this.#sendLater(answer);
    else if (answer !== undefined) this.send(answer);
  }

  #sendLater(answer: Promise<string | undefined>): void {
    if (++this.#unanswered >= this.service.limits.maxInFlight) this.#stop(CALLS_FULL);
    void answer.then((text) => {
      if (text !== undefined) this.send(text);
      this.#unanswered--;
      this.#go(CALLS_FULL);
      this.#settle();
    });
  }

  #batch(values: readonly unknown[]): MaybePromise<string | undefined> {
    const fault = batchFault(values, this.service.limits.maxBatch);
    if (fault !== undefined) return refuse(this.service, 'null', fault);
    return joinAnswers(values.map((value) => this.#one(value, true)));
  }

  /** The text of the response; undefined where none is due, or not yet. Never rejects. */
  #one(value: unknown, inBatch: boolean): MaybePromise<string | undefined> {
    const fault = requestFault(value);
    if (fault !== undefined) {
      // Nothing was asked of this peer; an answer to an answer would go on for ever.
      if (isResponse(value)) return undefined;
      return refuse(this.service, idTextOf(value), fault);
    }
    const request = value as RpcRequest;
    const { method } = request;
    const id = request.id === undefined ? undefined : idText(request.id);
    if (method.startsWith('rpc.') || method === LSP_CANCEL) {
      return this.#methods.answer(request, id, inBatch);
    }
    const endpoint = this.service.hub.endpoint(method);
    if (endpoint === undefined) return refuse(this.service, id, unknownMethod(method));
    if (id !== undefined && (this.#calls.has(id) || this.streams.has(id))) {
      return refuse(this.service, id, invalid(`The id ${id} belongs to a call that still runs.`));
    }
    const { input, output } = endpoint.operation;
    if (!input.stream && !output.stream) return answerUnary(this.service, request, endpoint, this);
    try {
      this.#openStream(endpoint, request, inBatch);
      return undefined;
    } catch (error) {
      return refuse(this.service, id, Fault.from(error));
    }
  }

  /** @throws Fault when the request cannot be a streaming call here. */
  #openStream(endpoint: Endpoint, request: RpcRequest, inBatch: boolean): void {
    const { name, operation } = endpoint;
    if (inBatch) throw invalid(`${name} streams: send it as a message of its own, not in a batch.`);
    if (request.id === undefined || request.id === null) {
      throw invalid(`${name} streams: give it an id that is not null.`);
    }
    const refusal = this.roomForStream();
    if (refusal !== undefined) throw refusal;
    const clientStream = operation.input.stream;
    const inputFault = clientStream ? streamInputFault(endpoint, request.params) : undefined;
    if (inputFault !== undefined) throw inputFault;
    const input = clientStream ? undefined : inputOf(endpoint, request.params);
    const id = idText(request.id);
    const credit = request.credit ?? Number.POSITIVE_INFINITY;
    const stream = new StreamCall(this, id, callOf(request, input, this), clientStream, credit);
    this.streams.set(id, stream);
    void this.#runStream(stream, endpoint, id);
  }

  async #runStream(stream: StreamCall, endpoint: Endpoint, id: string): Promise<void> {
    await stream.run(endpoint);
    this.streams.delete(id);
    this.#settle();
  }

  /** Why nothing more can be opened that stays open; undefined where it can. */
  roomForStream(): Fault | undefined {
    const { maxStreams } = this.service.limits;
    if (this.streams.size + this.subscriptions.size < maxStreams) return undefined;
    return new Fault(
      'RESOURCE_EXHAUSTED',
      `This connection has ${maxStreams} streams and subscriptions open, which is the limit.`,
    );
  }

  runningCall(id: string): Call | undefined {
    return this.#calls.get(id);
  }

  began(call: Call, id: string | undefined): void {
    this.#running.add(call);
    if (id !== undefined && id !== 'null') this.#calls.set(id, call);
  }

  settled(call: Call, id: string | undefined): void {
    this.#running.delete(call);
    if (id !== undefined && this.#calls.get(id) === call) this.#calls.delete(id);
  }

  /** The hub ended a subscription, or the peer did. */
  ended(subscription: string): void {
    this.subscriptions.delete(subscription);
    this.#settle();
  }

  holdInput(): void {
    this.#overruns++;
    this.#stop(ITEMS_FULL);
  }

  releaseInput(): void {
    if (--this.#overruns === 0) this.#go(ITEMS_FULL);
  }

  /** Messages that come before this settles wait for it. */
  async hold<T>(promise: Promise<T>): Promise<T> {
    this.#stop(AUTHENTICATING);
    try {
      return await promise;
    } finally {
      // After whoever waits for the promise: what it decides holds for the messages that waited.
      setImmediate(() => this.#go(AUTHENTICATING));
    }
  }

  #stop(reason: number): void {
    if (this.#stopped === 0) this.#transport.pause();
    this.#stopped |= reason;
  }

  #go(reason: number): void {
    if ((this.#stopped & reason) === 0 || this.#closed) return;
    this.#stopped &= ~reason;
    while (this.#stopped === 0 && this.#waiting.length > 0) this.#handleWaiting();
    if (this.#stopped === 0) this.#transport.resume();
    this.#settle();
  }

  #handleWaiting(): void {
    const messages = this.#waiting;
    let index = 0;
    this.#waiting = [];
    while (index < messages.length && this.#stopped === 0) this.#handle(messages[index++]!);
    if (index < messages.length) this.#waiting = messages.slice(index).concat(this.#waiting);
  }

  /** The transport has room again. */
  drained(): void {
    if (this.writable) return;
    this.#go(OUTPUT_FULL);
    for (const stream of this.streams.values()) stream.wake();
    for (const subscription of this.subscriptions.values()) subscription.wake();
  }

  /** The peer sends no more; what runs goes on, and then the transport is closed. */
  inputEnded(): void {
    this.#inputEnded = true;
    for (const stream of this.streams.values()) stream.inputEnded();
    this.#settle();
  }

  /** The hub stops: what runs is finished, subscriptions end, then the transport is closed. */
  drain(): void {
    this.#draining = true;
    for (const subscription of [...this.subscriptions.values()]) {
      subscription.close();
      subscription.tellClosed();
    }
    this.subscriptions.clear();
    this.#settle();
  }

  /** Closes when the messages of this turn are answered. */
  closeSoon(): void {
    setImmediate(() => this.#transport.close('refused'));
  }

  #settle(): void {
    if (this.#closed || this.#closing || !(this.#draining || this.#inputEnded) || !this.idle) {
      return;
    }
    this.#closing = true;
    this.#transport.close(this.#draining ? 'draining' : 'ended');
  }

  /** The transport is gone: every call ends, nothing is sent any more. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#authenticateTimer);
    this.#waiting = [];
    const gone = new Fault('CANCELLED', 'The caller closed the connection.');
    for (const call of this.#running) call.abort(gone);
    for (const stream of this.streams.values()) stream.abort(gone);
    for (const subscription of this.subscriptions.values()) subscription.close();
    this.subscriptions.clear();
  }
}

function invalid(message: string): RpcFault {
  return new RpcFault(INVALID_REQUEST, message);
}

/** Why an array is no batch that is accepted. */
export function batchFault(values: readonly unknown[], maxBatch: number): Fault | undefined {
  if (values.length === 0) return invalid('A batch holds at least one request.');
  if (values.length <= maxBatch) return undefined;
  return invalid(`A batch holds at most ${maxBatch} requests; got ${values.length}.`);
}

/** The one message that answers a batch; undefined when nothing in it is answered. */
export function joinAnswers(
  answers: readonly MaybePromise<string | undefined>[],
): MaybePromise<string | undefined> {
  if (answers.some((answer) => isPromise(answer))) return Promise.all(answers).then(joinAnswers);
  const texts = answers.filter((answer) => answer !== undefined);
  return texts.length === 0 ? undefined : `[${texts.join(',')}]`;
}
