import { Fault } from '../model/fault.ts';
import type { ClientSession } from '../wire/jsonrpc/client-session.ts';
import { IncomingItems } from '../wire/jsonrpc/incoming-items.ts';
import { type ItemSender, sendItems } from '../wire/jsonrpc/item-sender.ts';
import { METHODS } from '../wire/jsonrpc/methods.ts';
import type { CallScope } from './call-scope.ts';
import { type CallOptions, isItemSource, type Outcome } from './transport.ts';

/** Items that the hub may send ahead of the reader. */
const WINDOW = 64;

export interface SocketRequest {
  readonly operation: string;
  readonly input: unknown;
  readonly options: CallOptions;
}

/** One call of a WebSocket session, whatever streams in it. */
export class SocketCall implements Outcome {
  readonly #scope: CallScope;
  readonly #result = Promise.withResolvers<unknown>();
  readonly #incoming: IncomingItems;
  #session: ClientSession | undefined;
  #id = 0;
  #sender: ItemSender | undefined;
  #wanted: 'value' | 'items' | undefined;
  #streamed = false;

  constructor(session: Promise<ClientSession>, scope: CallScope, request: SocketRequest) {
    this.#scope = scope;
    // Whoever uses the outcome gets the fault; until then it must not end the process.
    this.#result.promise.catch(() => {});
    this.#incoming = new IncomingItems(WINDOW, {
      consumed: (count) => this.#session?.notify(METHODS.credit, { id: this.#id, count }),
      overrun: () => {},
      room: () => {},
    });
    this.#begin(session, request).catch((error: unknown) => this.#fail(faultOf(error)));
  }

  async #begin(connecting: Promise<ClientSession>, request: SocketRequest): Promise<void> {
    const session = await this.#scope.race(connecting);
    const { operation, input, options } = request;
    const streams = isItemSource(input);
    const cancel = (fault: Fault): void => session.cancel(this.#id, fault);
    this.#session = session;
    if (streams) this.#sender = sendItems(session, input, cancel);
    const { timeoutMs, metadata: meta } = options;
    const params = streams ? undefined : ((input ?? {}) as object);
    this.#id = session.open(
      operation,
      params,
      { timeoutMs, meta, credit: WINDOW },
      {
        items: (items) => this.#items(items),
        credit: (count) => this.#sender?.credit(this.#id, count),
        result: (value) => this.#succeed(value),
        fail: (fault) => this.#fail(fault),
      },
    );
    const { signal } = this.#scope;
    signal.addEventListener('abort', () => cancel(signal.reason as Fault), { once: true });
  }

  value(): Promise<unknown> {
    this.#wanted = 'value';
    if (this.#streamed) this.#refuseStream();
    return this.#result.promise;
  }

  items(): AsyncIterable<unknown> {
    this.#wanted = 'items';
    let left = false;
    const iterator: AsyncIterableIterator<unknown> = {
      next: () =>
        left ? Promise.resolve({ value: undefined, done: true }) : this.#incoming.next(),
      return: () => {
        left = true;
        // First what waits for an item is let go, then the call ends.
        const done = this.#incoming.return();
        this.#scope.end(new Fault('CANCELLED', 'The stream was left.'));
        return done;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #items(items: readonly unknown[]): void {
    this.#streamed = true;
    if (this.#wanted === 'value') this.#refuseStream();
    else this.#incoming.push(items);
  }

  #succeed(value: unknown): void {
    this.#over();
    this.#result.resolve(value);
    if (this.#streamed || isStreamEnd(value)) this.#incoming.end();
    else {
      this.#incoming.fail(new Fault('INVALID_ARGUMENT', 'The answer is one value; use "await".'));
    }
  }

  #fail(fault: Fault): void {
    this.#over();
    this.#result.reject(fault);
    this.#incoming.fail(fault);
  }

  #over(): void {
    this.#sender?.stop();
    this.#scope.done();
  }

  #refuseStream(): void {
    this.#session?.cancel(
      this.#id,
      new Fault('INVALID_ARGUMENT', 'The answer is a stream; use "for await".'),
    );
  }
}

/** What cannot be sent is no JSON; everything else that goes wrong is a Fault already. */
function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('INVALID_ARGUMENT', `The input is no JSON: ${(error as Error).message}`);
}

/** What a call answers whose answer was a stream: how many items it had. */
function isStreamEnd(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'items' in value;
}
