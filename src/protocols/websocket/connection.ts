import type { Metadata } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import type { RpcService } from '../../wire/jsonrpc/answer.ts';
import { type CloseReason, type MessageTransport, Session } from '../../wire/jsonrpc/session.ts';
import type { WebSocket, WebSocketReceiver } from '../../wire/websocket.ts';
import { CLOSE_CODES } from '../../wire/websocket-frames.ts';

const CLOSES: { readonly [reason in CloseReason]: readonly [code: number, text: string] } = {
  draining: [CLOSE_CODES.goingAway, 'The hub is stopping.'],
  ended: [CLOSE_CODES.normal, ''],
  refused: [CLOSE_CODES.policyViolation, 'The hub refuses to go on.'],
};

/** One WebSocket that carries a JSON-RPC session: a text message is a request or a batch. */
export class WebSocketConnection implements WebSocketReceiver, MessageTransport {
  readonly socket: WebSocket;
  readonly #session: Session;
  readonly #onClosed: (connection: WebSocketConnection) => void;
  #active = true;

  constructor(
    service: RpcService,
    socket: WebSocket,
    principal: Principal,
    metadata: Metadata,
    onClosed: (connection: WebSocketConnection) => void,
  ) {
    this.socket = socket;
    this.#onClosed = onClosed;
    this.#session = new Session(service, this, principal, metadata);
  }

  text(text: string): void {
    this.#active = true;
    this.#session.receive(text);
  }

  binary(): void {
    this.socket.close(CLOSE_CODES.unsupportedData, 'Messages are text; put bytes into base64.');
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

  /** Closes when no message came since the last look and nothing runs. */
  closeIfIdle(): void {
    if (this.#active || !this.#session.idle) this.#active = false;
    else this.socket.close(CLOSE_CODES.goingAway, 'Nothing was asked for a long time.');
  }

  send(text: string): boolean {
    return this.socket.send(text);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(reason: CloseReason): void {
    this.socket.close(...CLOSES[reason]);
  }
}
