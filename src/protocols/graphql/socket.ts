import { parseJson } from '../../formats/json.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import type { Metadata } from '../../model/metadata.ts';
import { type Credentials, NO_CREDENTIALS, type Principal } from '../../model/principal.ts';
import { type TraceContext, traceContext } from '../../model/trace.ts';
import { credentialsOf } from '../../wire/http-call.ts';
import type { WebSocket, WebSocketReceiver } from '../../wire/websocket.ts';
import { CLOSE_CODES } from '../../wire/websocket-frames.ts';
import { httpError } from './execute/errors.ts';
import type { Caller } from './execute/run.ts';
import { requestOf } from './request.ts';
import { type Results, resultsOf } from './results.ts';
import type { Service } from './service.ts';

/** https://github.com/graphql/graphql-over-http, rfcs/GraphQLOverWebSocket.md */
export const SUBPROTOCOL = 'graphql-transport-ws';

/** Codes of the subprotocol, beside those of RFC 6455. */
const CLOSES = {
  badRequest: 4400,
  unauthorized: 4401,
  noSubprotocol: 4406,
  initTimeout: 4408,
  subscriberExists: 4409,
  tooManyInits: 4429,
} as const;

interface Message {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly payload?: unknown;
}

const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;
const MAX_ID_LENGTH = 256;

/** One WebSocket that carries operations by the graphql-transport-ws subprotocol. */
export class GraphqlSocket implements WebSocketReceiver {
  readonly socket: WebSocket;
  readonly #service: Service;
  readonly #metadata: Metadata;
  readonly #onClosed: (socket: GraphqlSocket) => void;
  readonly #initTimer: NodeJS.Timeout;
  /** Of the handshake; connection_init may name another. */
  #principal: Principal;
  #state: 'new' | 'authenticating' | 'ready' | 'closed' = 'new';
  /** By the client's id; undefined while the operation is being prepared. */
  readonly #running = new Map<string, Results | undefined>();
  #draining = false;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(
    service: Service,
    socket: WebSocket,
    principal: Principal,
    metadata: Metadata,
    onClosed: (socket: GraphqlSocket) => void,
  ) {
    this.#service = service;
    this.socket = socket;
    this.#principal = principal;
    this.#metadata = metadata;
    this.#onClosed = onClosed;
    const { initTimeoutMs } = service.options;
    this.#initTimer = setTimeout(
      () => this.#close(CLOSES.initTimeout, 'Connection initialisation timeout'),
      initTimeoutMs,
    ).unref();
    if (socket.subprotocol === undefined) {
      // After the handshake's answer: the client must be able to see the code.
      queueMicrotask(() => this.#close(CLOSES.noSubprotocol, 'Subprotocol not acceptable'));
    }
  }

  text(text: string): void {
    if (this.#state === 'closed') return;
    let message: Message;
    try {
      message = parseJson(text, this.#service.options.maxJsonDepth) as Message;
    } catch {
      this.#close(CLOSES.badRequest, 'The message is no JSON');
      return;
    }
    this.#receive(typeof message === 'object' && message !== null ? message : {});
  }

  binary(): void {
    this.#close(CLOSES.badRequest, 'Messages are text');
  }

  #receive({ type, id, payload }: Message): void {
    switch (type) {
      case 'connection_init':
        this.#init(payload);
        return;
      case 'ping':
        this.#send(payload === undefined ? { type: 'pong' } : { type: 'pong', payload });
        return;
      case 'pong':
        return;
      case 'subscribe':
        this.#subscribe(id, payload);
        return;
      case 'complete':
        if (typeof id === 'string') this.#running.get(id)?.close();
        // While it is prepared there is nothing to close: it is forgotten, and not begun.
        if (typeof id === 'string' && this.#running.delete(id)) this.#endIfDrained();
        return;
      default:
        this.#close(CLOSES.badRequest, 'The message has no type that a client may send');
    }
  }

  #init(payload: unknown): void {
    if (this.#state !== 'new') {
      this.#close(CLOSES.tooManyInits, 'Too many initialisation requests');
      return;
    }
    clearTimeout(this.#initTimer);
    this.#state = 'authenticating';
    this.#authenticate(payload).then(
      () => {
        if (this.#state !== 'authenticating') return;
        this.#state = 'ready';
        this.#send({ type: 'connection_ack' });
      },
      () => this.#close(CLOSES.unauthorized, 'Unauthorized'),
    );
  }

  async #authenticate(payload: unknown): Promise<void> {
    const credentials = credentialsOfPayload(payload);
    if (credentials.kind === 'none') return;
    this.#principal = await this.#service.hub.authenticate(credentials);
  }

  #subscribe(id: unknown, payload: unknown): void {
    if (this.#state !== 'ready') {
      this.#close(CLOSES.unauthorized, 'Unauthorized');
    } else if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH) {
      this.#close(CLOSES.badRequest, 'subscribe needs an id');
    } else if (this.#running.has(id)) {
      this.#close(CLOSES.subscriberExists, `Subscriber for ${id.slice(0, 64)} already exists`);
    } else if (this.#running.size >= this.#service.options.maxSubscriptions) {
      const limit = this.#service.options.maxSubscriptions;
      this.#refuse(
        id,
        new Fault('RESOURCE_EXHAUSTED', `The connection runs ${limit} operations, its limit.`),
      );
    } else if (this.#draining) {
      this.#refuse(id, new Fault('UNAVAILABLE', 'The hub is stopping.', { retryAfterMs: 1000 }));
    } else {
      // Taken at once, so that the id is known to be in use.
      this.#running.set(id, undefined);
      this.#run(id, payload).catch((thrown: unknown) => {
        if (this.#running.delete(id)) this.#refuse(id, thrown);
        this.#endIfDrained();
      });
    }
  }

  async #run(id: string, payload: unknown): Promise<void> {
    const service = this.#service;
    const request = requestOf(payload);
    const caller = new SocketCaller(this.#principal, this.#metadata, request.extensions);
    const engine = await service.engine;
    const operation = service.prepare(engine, request).bind(request.variables);
    if (!this.#running.has(id)) return;
    const results = resultsOf(service, caller, operation, service.options.streamWindow);
    this.#running.set(id, results);
    for (;;) {
      const text = await results.next();
      // Ended by the client, who may have given the id to another operation.
      if (this.#running.get(id) !== results) return;
      if (text === undefined) break;
      const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
      if (!this.socket.send(`${head}${text}}`)) await this.#drained();
    }
    this.#running.delete(id);
    this.#send({ id, type: 'complete' });
    this.#endIfDrained();
  }

  #refuse(id: string, thrown: unknown): void {
    this.#service.countRefused();
    this.#send({ id, type: 'error', payload: httpError(thrown).errors });
  }

  #send(message: object): void {
    if (this.#state !== 'closed') this.socket.send(JSON.stringify(message));
  }

  #drained(): Promise<void> {
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  drained(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  closed(): void {
    this.#end();
    this.#onClosed(this);
  }

  drain(): void {
    this.#draining = true;
    this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (this.#draining && this.#running.size === 0) {
      this.#close(CLOSE_CODES.goingAway, 'The hub is stopping.');
    }
  }

  #close(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.#end();
    this.socket.close(code, reason);
  }

  #end(): void {
    this.#state = 'closed';
    clearTimeout(this.#initTimer);
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const results of running) results?.close();
    this.drained();
  }
}

/** `{"authorization": "Bearer ..."}`, also within `headers`, or `{"token": "..."}`.
 * @throws Fault UNAUTHENTICATED for a form that is not understood */
function credentialsOfPayload(payload: unknown): Credentials {
  if (typeof payload !== 'object' || payload === null) return NO_CREDENTIALS;
  const { token, headers } = payload as Readonly<Record<string, unknown>>;
  if (typeof token === 'string' && token !== '') return { kind: 'bearer', token };
  for (const holder of [payload, headers]) {
    if (typeof holder !== 'object' || holder === null) continue;
    for (const [name, value] of Object.entries(holder)) {
      if (name.toLowerCase() === 'authorization' && typeof value === 'string') {
        return credentialsOf(value);
      }
    }
  }
  return NO_CREDENTIALS;
}

/** Who sends the calls of one operation. What HTTP says in headers, the operation's `extensions`
 * may say for itself: `timeoutMs`, `traceparent`, `tracestate`. */
class SocketCaller implements Caller {
  readonly principal: Principal;
  readonly metadata: Metadata;
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext | undefined;

  /** @throws Fault INVALID_ARGUMENT for a bad `timeoutMs` */
  constructor(
    principal: Principal,
    metadata: Metadata,
    { timeoutMs, traceparent, tracestate }: Readonly<Record<string, unknown>>,
  ) {
    this.principal = principal;
    this.metadata = metadata;
    this.deadlineMs = timeoutMs === undefined ? undefined : deadlineIn(timeoutMs);
    this.trace =
      typeof traceparent === 'string'
        ? traceContext(traceparent, typeof tracestate === 'string' ? tracestate : undefined)
        : undefined;
  }

  began(_call: Call): void {
    // The results that the calls are made for end them.
  }

  settled(_call: Call): void {
    // See above.
  }
}

function deadlineIn(timeoutMs: unknown): number {
  if (!Number.isSafeInteger(timeoutMs) || (timeoutMs as number) < 1) {
    throw new Fault(
      'INVALID_ARGUMENT',
      '"extensions.timeoutMs" must be milliseconds, a whole number from 1.',
    );
  }
  return Date.now() + Math.min(timeoutMs as number, MAX_TIMEOUT_MS);
}
