import type { FirstUse } from '../hub/first-use.ts';
import type { Receiver } from '../hub/transport.ts';
import type { StreamConnection } from './stream-connection.ts';

/** Makes the receiver of a connection. */
export interface ReceiverFactory {
  create(connection: StreamConnection): Receiver;
}

/**
 * Stands in for a receiver whose code is being loaded: the connection is not read meanwhile, and
 * what came already is handed over.
 */
export class LateReceiver implements Receiver {
  readonly #connection: StreamConnection;
  #bytes: Buffer;
  #ended = false;
  #gone = false;
  #draining = false;

  /** @param bytes that have come, valid during the call */
  constructor(connection: StreamConnection, bytes: Buffer, factory: FirstUse<ReceiverFactory>) {
    this.#connection = connection;
    this.#bytes = Buffer.from(bytes);
    connection.pause();
    factory.wait().then(
      (loaded) => this.#handOver(loaded),
      (error: unknown) => connection.fail(error),
    );
  }

  #handOver(factory: ReceiverFactory): void {
    if (this.#gone) return;
    const connection = this.#connection;
    connection.become(factory.create(connection));
    connection.receive(this.#bytes);
    if (this.#draining) connection.receiver.drain();
    if (this.#ended) connection.receiver.ended();
    connection.resume();
  }

  data(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
  }

  ended(): void {
    this.#ended = true;
  }

  drained(): void {}

  closed(): void {
    this.#gone = true;
  }

  drain(): void {
    this.#draining = true;
  }
}
