import type { Connection, Receiver } from '../../hub/transport.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { NO_METADATA } from '../../model/metadata.ts';
import type { Credentials, Principal } from '../../model/principal.ts';
import { LineFraming } from '../../wire/jsonrpc/framing.ts';
import { badRequest } from './faults.ts';
import { checkModernMeta, versionIn } from './headers.ts';
import { Listening } from './listening.ts';
import {
  errorText,
  type Incoming,
  parseMessage,
  requestIdText,
  UnreadRequest,
} from './messages.ts';
import { parametersOf, type Requester, textParameter } from './request.ts';
import { EMPTY, type Result } from './results.ts';
import { type McpService, requireCaller } from './service.ts';
import { Conversation } from './session.ts';

type Request = Incoming & { readonly kind: 'request' };

/** How long what runs may take after the client has closed its end: it waits for us to exit. */
const EOF_GRACE_MS = 5_000;

/** MCP on a byte connection: one message on each line, all revisions, one client. */
export class StdioServer implements Receiver {
  readonly #service: McpService;
  readonly #connection: Connection;
  readonly #principal: Promise<Principal>;
  readonly #framing: LineFraming;
  readonly #conversation: Conversation;
  readonly #listening = new Map<string, Listening>();
  readonly #drained: (() => void)[] = [];
  #initialized = false;
  #inFlight = 0;
  #full = false;
  #paused = false;
  #over = false;
  #grace: NodeJS.Timeout | undefined;

  /** @param credentials of the client, from the environment of the process */
  constructor(service: McpService, connection: Connection, credentials: Credentials) {
    this.#service = service;
    this.#connection = connection;
    this.#framing = new LineFraming(service.options.maxMessageBytes);
    this.#principal = authenticate(service, credentials);
    // Told to whoever asks; nobody may.
    this.#principal.catch(() => undefined);
    this.#conversation = new Conversation(service, {
      open: true,
      send: (text) => this.#send(text),
      drained: () => this.#waitForRoom(),
    });
  }

  data(bytes: Buffer): void {
    if (this.#over) return;
    try {
      this.#framing.push(bytes, (line) => this.#take(line));
    } catch (error) {
      // Where one message ends and the next begins is not known any more.
      this.#refuse(undefined, Fault.from(error), false);
      this.#finish();
    }
  }

  ended(): void {
    if (this.#over) return;
    try {
      this.#framing.end((line) => this.#take(line));
    } catch (error) {
      this.#refuse(undefined, Fault.from(error), false);
    }
    this.#finish();
    this.#grace = setTimeout(() => this.#conversation.close(), EOF_GRACE_MS);
  }

  drained(): void {
    this.#full = false;
    this.#pauseOrResume();
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  closed(): void {
    clearTimeout(this.#grace);
    this.#over = true;
    this.#conversation.close();
    for (const listening of this.#listening.values()) listening.close();
    this.drained();
  }

  drain(): void {
    this.#finish();
  }

  /** Answers what runs, takes nothing new, and ends. */
  #finish(): void {
    this.#over = true;
    this.#conversation.leave();
    for (const listening of this.#listening.values()) listening.end();
    if (this.#inFlight === 0) this.#connection.end();
  }

  #take(line: Buffer): void {
    if (this.#over) return;
    let message: Incoming;
    try {
      message = parseMessage(line, this.#service.options.maxDepth);
    } catch (error) {
      const fault = Fault.from(error);
      this.#refuse(fault instanceof UnreadRequest ? fault.id : undefined, fault, false);
      return;
    }
    if (message.kind === 'request') void this.#answer(message);
    else if (message.kind === 'notification') this.#notified(message.method, message.params);
  }

  #notified(method: string, params: unknown): void {
    if (method !== 'notifications/cancelled') return;
    const { requestId } = (params ?? {}) as { readonly requestId?: unknown };
    const id = requestIdText(requestId);
    if (id === undefined) return;
    this.#conversation.cancel(id);
    this.#listening.get(id)?.close();
    this.#listening.delete(id);
  }

  /** Never rejects. */
  async #answer(request: Request): Promise<void> {
    const { id } = request;
    const modern = versionIn(request.params) !== undefined;
    this.#began();
    let cancelled = false;
    try {
      const principal = await this.#principal;
      requireCaller(this.#service.hub, { principal });
      const requester = this.#requester(id, modern, principal, (call) => {
        cancelled ||= call.aborted?.code === 'CANCELLED';
      });
      const answer = this.#result(request, modern, requester);
      const result = isPromise(answer) ? await answer : answer;
      // Whoever cancelled it gets no answer (2025-11-25 and 2026-07-28, "Cancellation").
      if (result !== undefined && !cancelled) {
        this.#send(this.#service.resultText(id, result, modern));
      }
    } catch (error) {
      if (!cancelled) this.#refuse(id, Fault.from(error), modern);
    } finally {
      this.#settled();
    }
  }

  /** Undefined for a request that is answered when its subscription ends. */
  #result(
    { id, method, params }: Request,
    modern: boolean,
    requester: Requester,
  ): MaybePromise<Result | undefined> {
    const parameters = parametersOf(params);
    if (modern) {
      checkModernMeta(parameters);
      if (method === 'subscriptions/listen') return this.#listen(id, parameters, requester);
      return this.#service.answer(method, parameters, requester);
    }
    if (method === 'initialize') this.#initialized = true;
    else if (!this.#initialized && method !== 'ping') {
      throw badRequest('Begin with "initialize", or send requests of revision 2026-07-28.');
    }
    if (method === 'resources/subscribe') {
      const uri = textParameter(parameters, 'uri');
      return this.#conversation.subscribe(uri, requester).then(() => EMPTY);
    }
    if (method === 'resources/unsubscribe') {
      this.#conversation.unsubscribe(textParameter(parameters, 'uri'));
      return EMPTY;
    }
    return this.#service.answer(method, parameters, requester);
  }

  async #listen(
    id: string,
    parameters: Parameters<Listening['begin']>[0],
    requester: Requester,
  ): Promise<undefined> {
    if (this.#listening.size >= this.#service.options.maxSubscriptions) {
      throw new Fault('RESOURCE_EXHAUSTED', 'This connection listens as often as it may.');
    }
    const listening = new Listening(this.#service, id, {
      send: (text) => this.#send(text),
      drained: () => this.#waitForRoom(),
      end: (text) => {
        this.#listening.delete(id);
        this.#send(text);
      },
    });
    this.#listening.set(id, listening);
    try {
      await listening.begin(parameters, requester);
    } catch (error) {
      this.#listening.delete(id);
      throw error;
    }
    return undefined;
  }

  #requester(
    id: string,
    modern: boolean,
    principal: Principal,
    onSettled: (call: Call) => void,
  ): Requester {
    return {
      modern,
      principal,
      metadata: NO_METADATA,
      deadlineMs: undefined,
      trace: undefined,
      notify: (text) => this.#send(text),
      drained: () => this.#waitForRoom(),
      began: (call) => this.#conversation.began(id, call),
      settled: (call) => {
        this.#conversation.settled(id, call);
        onSettled(call);
      },
    };
  }

  #refuse(id: string | undefined, fault: Fault, modern: boolean): void {
    this.#service.refused(fault);
    this.#send(errorText(id, fault, modern));
  }

  #send(text: string): boolean {
    if (this.#connection.write(`${text}\n`)) return true;
    this.#full = true;
    this.#pauseOrResume();
    return false;
  }

  #waitForRoom(): Promise<void> {
    if (!this.#full) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  #began(): void {
    this.#inFlight++;
    this.#pauseOrResume();
  }

  #settled(): void {
    this.#inFlight--;
    this.#pauseOrResume();
    if (this.#over && this.#inFlight === 0) this.#connection.end();
  }

  /** Reads on while the client takes its answers and not too many requests run. */
  #pauseOrResume(): void {
    const pause = this.#full || this.#inFlight >= this.#service.options.maxInFlight;
    if (pause === this.#paused || this.#over) return;
    this.#paused = pause;
    if (pause) this.#connection.pause();
    else this.#connection.resume();
  }
}

async function authenticate(service: McpService, credentials: Credentials): Promise<Principal> {
  return service.hub.authenticate(credentials);
}
