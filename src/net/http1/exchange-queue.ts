import type { Connection } from '../../hub/transport.ts';
import type { Http1Exchange } from './exchange.ts';

/** Exchanges in the order of their requests: only the first one may write to the connection. */
export class ExchangeQueue {
  readonly #connection: Connection;
  #list: Http1Exchange[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get length(): number {
    return this.#list.length;
  }

  get first(): Http1Exchange | undefined {
    return this.#list[0];
  }

  get last(): Http1Exchange | undefined {
    return this.#list[this.#list.length - 1];
  }

  push(exchange: Http1Exchange): void {
    this.#list.push(exchange);
  }

  /** Forgets all of them, and answers them. */
  clear(): Http1Exchange[] {
    const list = this.#list;
    this.#list = [];
    return list;
  }

  /** Writes now, or when the responses before this one are out. */
  write(exchange: Http1Exchange, chunk: string | Uint8Array): boolean {
    if (this.#list[0] === exchange) return this.#connection.write(chunk);
    exchange.held ??= [];
    exchange.held.push(chunk);
    exchange.heldBytes += chunk.length;
    return !exchange.backlogged;
  }

  /**
   * The first exchange is complete: what waited for it goes out. Answers true when the connection
   * closes behind a response that is out now.
   */
  finish(): boolean {
    let done = this.#list.shift();
    while (done !== undefined) {
      if (done.mustClose) return true;
      const next = this.#list[0];
      if (next === undefined) return false;
      this.#release(next);
      if (!next.finished) {
        next.writer?.room();
        return false;
      }
      done = this.#list.shift();
    }
    return false;
  }

  #release(exchange: Http1Exchange): void {
    const held = exchange.held;
    if (held === undefined) return;
    exchange.held = undefined;
    exchange.heldBytes = 0;
    for (const chunk of held) this.#connection.write(chunk);
  }
}
