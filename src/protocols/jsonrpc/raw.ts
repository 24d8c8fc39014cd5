import type { Connection, Receiver } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { NO_METADATA } from '../../model/metadata.ts';
import { NO_CREDENTIALS, type Principal } from '../../model/principal.ts';
import type { RpcService } from '../../wire/jsonrpc/answer.ts';
import {
  type Framing,
  framingOf,
  HeaderFraming,
  LineFraming,
  messageText,
} from '../../wire/jsonrpc/framing.ts';
import { type MessageTransport, Session } from '../../wire/jsonrpc/session.ts';

/** JSON-RPC on a byte connection (TCP, Unix socket, stdio), in the framing of its first bytes. */
export class RawConnection implements Receiver, MessageTransport {
  readonly #connection: Connection;
  readonly #service: RpcService;
  readonly #session: Session;
  readonly #onClosed: (connection: RawConnection) => void;
  #framing: Framing | undefined;
  /** First bytes that did not tell the framing yet. */
  #undecided: Buffer | undefined;
  #broken = false;
  #active = true;
  #paused = false;
  /** Messages that came whole. */
  #taken = 0;
  /** `#taken` at the last look, where a message was under way then; else -1. */
  #begun = -1;
  readonly #take = (message: Buffer) => {
    this.#taken++;
    if (!this.#broken) this.#session.receive(messageText(message));
  };

  constructor(
    service: RpcService,
    connection: Connection,
    onClosed: (connection: RawConnection) => void,
  ) {
    this.#service = service;
    this.#connection = connection;
    this.#onClosed = onClosed;
    this.#session = new Session(service, this, anonymous(service), NO_METADATA);
  }

  data(bytes: Buffer): void {
    this.#active = true;
    if (this.#broken) return;
    try {
      if (this.#framing === undefined && !this.#decide(bytes)) return;
      const first = this.#undecided;
      this.#undecided = undefined;
      this.#framing!.push(first ?? bytes, this.#take);
    } catch (error) {
      this.#refuse(Fault.from(error));
    }
  }

  #decide(bytes: Buffer): boolean {
    const first = this.#undecided === undefined ? bytes : Buffer.concat([this.#undecided, bytes]);
    const kind = framingOf(first);
    if (kind === 'more') {
      this.#undecided = Buffer.from(first);
      return false;
    }
    if (this.#undecided !== undefined) this.#undecided = first;
    const { maxMessageBytes } = this.#service.limits;
    this.#framing =
      kind === 'headers' ? new HeaderFraming(maxMessageBytes) : new LineFraming(maxMessageBytes);
    return true;
  }

  /** Where one message ends and the next begins is not known any more. */
  #refuse(fault: Fault): void {
    this.#broken = true;
    this.#session.refuseText(fault);
    this.#connection.end();
  }

  ended(): void {
    try {
      if (!this.#broken) this.#framing?.end(this.#take);
    } catch (error) {
      this.#refuse(Fault.from(error));
      return;
    }
    this.#session.inputEnded();
  }

  drained(): void {
    this.#session.drained();
  }

  closed(): void {
    this.#session.closed();
    this.#onClosed(this);
  }

  drain(): void {
    this.#session.drain();
  }

  /** Ends the connection when nothing came since the last look and nothing runs. */
  endIfIdle(): void {
    if (this.#active || !this.#session.idle) this.#active = false;
    else this.#connection.end();
  }

  /** Ends the connection when the message that was under way at the last look still is. */
  endIfStuck(): void {
    const midMessage = this.#framing?.midMessage ?? this.#undecided !== undefined;
    if (!midMessage || this.#paused || this.#broken) this.#begun = -1;
    else if (this.#begun !== this.#taken) this.#begun = this.#taken;
    else {
      this.#refuse(new Fault('DEADLINE_EXCEEDED', 'A message did not arrive whole in time.'));
    }
  }

  send(text: string): boolean {
    return this.#connection.write(
      this.#framing === undefined ? `${text}\n` : this.#framing.frame(text),
    );
  }

  pause(): void {
    this.#paused = true;
    this.#connection.pause();
  }

  resume(): void {
    this.#paused = false;
    // What we did not read is not the peer's delay.
    this.#begun = -1;
    this.#connection.resume();
  }

  close(): void {
    this.#connection.end();
  }
}

function anonymous(service: RpcService): MaybePromise<Principal> {
  try {
    return service.hub.authenticate(NO_CREDENTIALS);
  } catch (error) {
    return Promise.reject(Fault.from(error));
  }
}
