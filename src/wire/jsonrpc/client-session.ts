import { Fault } from '../../model/fault.ts';
import { ClientStream, ClientSubscription } from './client-streams.ts';
import { parseRpc } from './codec.ts';
import { faultOfRpcError } from './faults.ts';
import { sendItems } from './item-sender.ts';
import { type DeliveryJson, type HelloResult, METHODS, type MessageJson } from './methods.ts';

/** What carries a client's messages. */
export interface ClientTransport {
  /** Answers false when streams should wait for `drained`; anything else is "go on". */
  send(text: string): boolean | undefined;
}

export interface RequestOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** How long the answer (of a stream: its end) may take; the hub knows it too. */
  readonly timeoutMs?: number | undefined;
  /** Metadata of the call. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  readonly traceparent?: string | undefined;
  /** Gets the metadata that comes back with the answer. */
  readonly onMeta?: ((meta: Readonly<Record<string, string>>) => void) | undefined;
}

export interface StreamOptions extends RequestOptions {
  /** Items that the hub may send ahead of the reader; 64 by default. */
  readonly window?: number | undefined;
}

export interface ClientSubscribeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Position of an earlier delivery, to resume after it. */
  readonly after?: string | undefined;
  /** Where to begin without one: `now` (the default), `start` of what is kept, or a time in
   * milliseconds since 1970-01-01T00:00Z. */
  readonly from?: 'now' | 'start' | number | undefined;
  /** Begin with about so many of the latest messages. */
  readonly last?: number | undefined;
  /** Deliveries that the hub may send ahead of the reader; 256 by default. */
  readonly window?: number | undefined;
}

/** What waits for messages about one id. */
export interface Pending {
  result(value: unknown): void;
  fail(fault: Fault): void;
  items?(items: readonly unknown[]): void;
  credit?(count: number): void;
  readonly options?: RequestOptions | undefined;
}

/**
 * The client's side of a JSON-RPC conversation, over any transport and without anything that a
 * browser does not have. It lives as long as its connection: connecting again is for its owner.
 */
export class ClientSession {
  readonly #transport: ClientTransport;
  readonly #pending = new Map<number, Pending>();
  readonly #subscriptions = new Map<string, ClientSubscription>();
  #lastId = 0;
  #closed: Fault | undefined;
  #writable = true;
  #waiters: (() => void)[] = [];

  constructor(transport: ClientTransport) {
    this.#transport = transport;
  }

  /** Calls and subscriptions that are open. */
  get size(): number {
    return this.#pending.size + this.#subscriptions.size;
  }

  /** Calls a unary operation. Rejects with a Fault. */
  call(method: string, params?: object, options?: RequestOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.open(method, params, options, { result: resolve, fail: reject });
    });
  }

  /** Calls without wanting to know the outcome. */
  notify(method: string, params?: object): void {
    this.write(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  /** Calls an operation whose answer is a stream. Leaving the loop cancels the call. */
  stream(method: string, params?: object, options: StreamOptions = {}): ClientStream {
    return new ClientStream(this, method, params, options);
  }

  /** Calls an operation whose input is a stream; takes items as the hub has room for them. */
  send(
    method: string,
    items: AsyncIterable<unknown> | Iterable<unknown>,
    options?: RequestOptions,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sender = sendItems(this, items, (fault) => this.cancel(id, fault));
      const id = this.open(method, undefined, options, {
        result: (value) => {
          sender.stop();
          resolve(value);
        },
        fail: (fault) => {
          sender.stop();
          reject(fault);
        },
        credit: (count) => sender.credit(id, count),
      });
    });
  }

  /** Calls an operation that streams in both directions. */
  exchange(
    method: string,
    items: AsyncIterable<unknown> | Iterable<unknown>,
    options: StreamOptions = {},
  ): ClientStream {
    return new ClientStream(this, method, undefined, options, items);
  }

  /** Messages of the subjects that a filter matches. Leaving the loop ends the subscription. */
  subscribe(filter: string, options: ClientSubscribeOptions = {}): ClientSubscription {
    return new ClientSubscription(this, filter, options, this.#subscriptions);
  }

  /** Publishes messages, all or nothing; resolves when the hub has accepted them. */
  async publish(
    messages: MessageJson | readonly MessageJson[],
    options?: RequestOptions,
  ): Promise<void> {
    const list = Array.isArray(messages) ? messages : [messages];
    await this.call(METHODS.publish, { messages: list }, options);
  }

  /** Facts about the hub and who this connection is; with credentials it authenticates first. */
  async hello(
    credentials?: { readonly token: string } | { readonly user: string; readonly password: string },
  ): Promise<HelloResult> {
    return (await this.call(METHODS.hello, credentials ?? {})) as HelloResult;
  }

  /** Sends a request and registers who waits for its answer; answers the id. */
  open(
    method: string,
    params: object | undefined,
    options: (RequestOptions & { readonly credit?: number }) | undefined,
    pending: Pending,
  ): number {
    const id = ++this.#lastId;
    if (this.#closed !== undefined) {
      pending.fail(this.#closed);
      return id;
    }
    if (options?.signal?.aborted === true) {
      pending.fail(cancelled());
      return id;
    }
    const { timeoutMs, meta, traceparent, credit } = options ?? {};
    const request = { jsonrpc: '2.0', id, method, params, timeoutMs, meta, traceparent, credit };
    this.#pending.set(id, options === undefined ? pending : this.#limited(id, options, pending));
    this.write(JSON.stringify(request));
    return id;
  }

  /** A pending call that also ends by its signal and its time. */
  #limited(id: number, options: RequestOptions, pending: Pending): Pending {
    const { signal, timeoutMs } = options;
    const onAbort = () => this.cancel(id, cancelled());
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            this.cancel(id, new Fault('DEADLINE_EXCEEDED', `No answer within ${timeoutMs} ms.`));
          }, timeoutMs);
    const over = () => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
    return {
      options,
      result(value) {
        over();
        pending.result(value);
      },
      fail(fault) {
        over();
        pending.fail(fault);
      },
      items: (items) => pending.items?.(items),
      credit: (count) => pending.credit?.(count),
    };
  }

  /** Gives a call up: the hub is told, and whoever waits gets the fault at once. */
  cancel(id: number, fault: Fault): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    this.notify(METHODS.cancel, { id });
    pending.fail(fault);
  }

  /** Sends text unless the connection is closed. */
  write(text: string): void {
    if (this.#closed === undefined && this.#transport.send(text) === false) this.#writable = false;
  }

  /** Resolves when the transport has room, or is gone. */
  writable(): Promise<void> | undefined {
    if (this.#writable || this.#closed !== undefined) return undefined;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  drained(): void {
    this.#writable = true;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** The connection is gone: everything that is open ends with this fault. */
  closed(fault = new Fault('UNAVAILABLE', 'The connection to the hub is closed.')): void {
    if (this.#closed !== undefined) return;
    this.#closed = fault;
    this.drained();
    for (const pending of this.#pending.values()) pending.fail(fault);
    this.#pending.clear();
    for (const subscription of this.#subscriptions.values()) subscription.fail(fault);
    this.#subscriptions.clear();
  }

  /**
   * A message from the hub.
   * @throws Fault for what is no JSON: the connection is of no use any more.
   */
  receive(text: string): void {
    const value = parseRpc(text);
    for (const message of Array.isArray(value) ? value : [value]) {
      if (typeof message !== 'object' || message === null) continue;
      if ('method' in message) this.#notification(message);
      else this.#response(message);
    }
  }

  #response(message: Partial<Record<'id' | 'result' | 'error' | 'meta', unknown>>): void {
    const id = message.id as number;
    const pending = this.#pending.get(id);
    // Not known: the answer to a call that was cancelled, or an error about no call of ours.
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (typeof message.meta === 'object' && message.meta !== null) {
      pending.options?.onMeta?.(message.meta as Record<string, string>);
    }
    if (message.error === undefined) pending.result(message.result);
    else pending.fail(faultOfRpcError(message.error));
  }

  #notification(message: { method?: unknown; params?: unknown }): void {
    const params = (message.params ?? {}) as Partial<
      Record<'id' | 'items' | 'count' | 'subscription' | 'messages', unknown>
    >;
    const pending = this.#pending.get(params.id as number);
    const subscription = this.#subscriptions.get(params.subscription as string);
    const count = typeof params.count === 'number' ? params.count : 0;
    switch (message.method) {
      case METHODS.items:
        if (Array.isArray(params.items)) pending?.items?.(params.items);
        break;
      case METHODS.credit:
        pending?.credit?.(count);
        break;
      case METHODS.deliver:
        if (Array.isArray(params.messages)) subscription?.push(params.messages as DeliveryJson[]);
        break;
      case METHODS.dropped:
        subscription?.lost(count);
        break;
      case METHODS.closed:
        this.#subscriptions.delete(params.subscription as string);
        subscription?.fail(new Fault('UNAVAILABLE', 'The hub ended the subscription.'));
        break;
    }
  }
}

function cancelled(): Fault {
  return new Fault('CANCELLED', 'The caller gave up.');
}
