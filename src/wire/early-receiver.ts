import type { Connection, Receiver } from '../hub/transport.ts';

/** Whoever takes connections, once it is there. */
export interface Acceptor {
  accept(connection: Connection): Receiver;
}

/** A connection that came before its protocol's server was loaded: it is not read until then. */
export class EarlyReceiver implements Receiver {
  readonly #first: Buffer[] = [];
  #receiver: Receiver | undefined;
  #ended = false;
  #draining = false;
  #closed = false;

  constructor(connection: Connection, opening: Promise<Acceptor>) {
    connection.pause();
    opening.then(
      (acceptor) => {
        if (this.#closed) return;
        const receiver = acceptor.accept(connection);
        this.#receiver = receiver;
        connection.resume();
        for (const bytes of this.#first.splice(0)) receiver.data(bytes);
        if (this.#ended) receiver.ended();
        if (this.#draining) receiver.drain();
      },
      () => connection.destroy(),
    );
  }

  data(bytes: Buffer): void {
    if (this.#receiver === undefined) this.#first.push(Buffer.from(bytes));
    else this.#receiver.data(bytes);
  }

  ended(): void {
    this.#ended = true;
    this.#receiver?.ended();
  }

  drained(): void {
    this.#receiver?.drained();
  }

  closed(): void {
    this.#closed = true;
    this.#receiver?.closed();
  }

  drain(): void {
    this.#draining = true;
    this.#receiver?.drain();
  }
}
