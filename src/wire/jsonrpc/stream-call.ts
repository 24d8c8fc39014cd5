import type { Endpoint } from '../../hub/hub.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import type { RpcService } from './answer.ts';
import { errorText, notificationText, resultText } from './codec.ts';
import { IncomingItems } from './incoming-items.ts';
import { METHODS } from './methods.ts';

/** What a streaming call needs of the session that carries it. */
export interface StreamHost {
  readonly service: RpcService;
  /** False while the peer reads too slowly. */
  readonly writable: boolean;
  send(text: string): void;
  /** A client sent more items than it had credit for: nothing more is read until there is room. */
  holdInput(): void;
  releaseInput(): void;
}

/** Items that go out in one notification at most, and their size in characters. */
const MAX_BATCH_ITEMS = 64;
const MAX_BATCH_LENGTH = 32 * 1024;

/**
 * One streaming call of a session, in either or both directions. Items of the answer go out in
 * `rpc.items` as far as the client's credit and the connection allow; then the response.
 */
export class StreamCall {
  readonly call: Call;
  readonly #id: string;
  readonly #host: StreamHost;
  readonly #incoming: IncomingItems | undefined;
  #credit: number;
  #sent = 0;
  #items: string[] = [];
  #itemsLength = 0;
  #flushing = false;
  #wake: (() => void) | undefined;

  constructor(host: StreamHost, id: string, call: Call, clientStream: boolean, credit: number) {
    this.#host = host;
    this.#id = id;
    this.call = call;
    this.#credit = credit;
    if (clientStream) {
      const window = host.service.limits.streamWindow;
      this.#incoming = new IncomingItems(window, {
        consumed: (count) => host.send(creditText(id, count)),
        overrun: () => host.holdInput(),
        room: () => host.releaseInput(),
      });
      call.input = this.#incoming;
      host.send(creditText(id, window));
    }
  }

  /** Runs to the response, which is sent exactly once. Never rejects. */
  async run(endpoint: Endpoint): Promise<void> {
    let text: string;
    try {
      const { hub, meter } = this.#host.service;
      const answer = await hub.invoke(endpoint, this.call, meter);
      const result = endpoint.operation.output.stream
        ? await this.#pump(answer as AsyncIterable<unknown>)
        : answer;
      text = resultText(this.#id, result, this.call.replyMetadata);
    } catch (error) {
      text = errorText(this.#id, Fault.from(error), this.call.replyMetadata);
    }
    this.#incoming?.close();
    this.#flush();
    this.#host.send(text);
  }

  async #pump(answer: AsyncIterable<unknown>): Promise<{ items: number }> {
    // A deadline must end the call also where it waits for credit, or for room.
    this.call.listen({ aborted: () => this.wake() });
    const iterator = answer[Symbol.asyncIterator]();
    let ended = false;
    try {
      for (;;) {
        while (this.#credit <= 0 || !this.#host.writable) await this.#room();
        if (this.call.aborted !== undefined) throw this.call.aborted;
        const step = await iterator.next();
        if (step.done === true) {
          ended = true;
          return { items: this.#sent };
        }
        this.#push(JSON.stringify(step.value) ?? 'null');
      }
    } catch (error) {
      // An iterator that threw has ended; only one that we leave must be told.
      if (this.call.aborted === undefined) ended = true;
      throw error;
    } finally {
      if (!ended) await iterator.return?.();
    }
  }

  #push(item: string): void {
    this.#credit--;
    this.#sent++;
    this.#items.push(item);
    this.#itemsLength += item.length;
    if (this.#items.length >= MAX_BATCH_ITEMS || this.#itemsLength >= MAX_BATCH_LENGTH) {
      this.#flush();
    } else if (!this.#flushing) {
      // What a handler yields within one turn of the event loop shares a notification.
      this.#flushing = true;
      setImmediate(() => this.#flush());
    }
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#items.length === 0) return;
    const items = this.#items.join(',');
    this.#items = [];
    this.#itemsLength = 0;
    this.#host.send(notificationText(METHODS.items, `{"id":${this.#id},"items":[${items}]}`));
  }

  /** Resolves when `wake` is called: credit, room on the connection, or the call's end. */
  #room(): Promise<void> {
    if (this.call.aborted !== undefined) return Promise.reject(this.call.aborted);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Looks again whether items can go out. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  credit(count: number): void {
    this.#credit += count;
    this.wake();
  }

  push(items: readonly unknown[]): void {
    if (this.#incoming === undefined) throw noClientStream();
    this.#incoming.push(items);
  }

  end(): void {
    if (this.#incoming === undefined) throw noClientStream();
    this.#incoming.end();
  }

  abort(reason?: Fault): void {
    this.call.abort(reason);
    this.#incoming?.fail(this.call.aborted!);
    this.wake();
  }

  /** The peer sends no more: items that have not come will not. */
  inputEnded(): void {
    this.#incoming?.fail(
      new Fault('CANCELLED', 'The client ended the connection before its stream (rpc.end).'),
    );
  }
}

function noClientStream(): Fault {
  return new Fault('INVALID_ARGUMENT', 'This operation takes no stream of items.');
}

function creditText(id: string, count: number): string {
  return notificationText(METHODS.credit, `{"id":${id},"count":${count}}`);
}
