import { Fault } from '../model/fault.ts';
import { ClientSession } from '../wire/jsonrpc/client-session.ts';
import { SUBPROTOCOL } from '../wire/jsonrpc/methods.ts';
import { Backoff } from './backoff.ts';

/** Bytes that wait in the socket before streams wait too. */
const QUEUE_BYTES = 1024 * 1024;
const DRAIN_LOOK_MS = 10;
const CLOSE_WAIT_MS = 1000;

/** One WebSocket at a time, made when a session is asked for and there is none. */
export class SocketConnection {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #backoff = new Backoff();
  readonly #closing = new AbortController();
  #session: Promise<ClientSession> | undefined;
  #socket: WebSocket | undefined;
  #failedBefore = false;

  constructor(url: string, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  /** The session of an open connection. Everybody who asks while it is being made shares the one
   * attempt; after a failed one the next waits a little. Rejects with UNAVAILABLE, or
   * UNAUTHENTICATED where the hub refuses the token. */
  session(): Promise<ClientSession> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    this.#session ??= this.#connect();
    return this.#session;
  }

  async #connect(): Promise<ClientSession> {
    if (this.#failedBefore) await this.#backoff.wait(this.#closing.signal);
    this.#closing.signal.throwIfAborted();
    try {
      const session = await this.#open();
      if (this.#token !== undefined) await session.hello({ token: this.#token });
      this.#failedBefore = false;
      this.#backoff.reset();
      return session;
    } catch (error) {
      this.#failedBefore = true;
      this.#session = undefined;
      this.#socket?.close();
      throw error;
    }
  }

  #open(): Promise<ClientSession> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.#url, SUBPROTOCOL);
      this.#socket = socket;
      const session = new ClientSession({
        send: (text) => {
          socket.send(text);
          if (socket.bufferedAmount <= QUEUE_BYTES) return true;
          waitForRoom(socket, session);
          return false;
        },
      });
      socket.onopen = () => resolve(session);
      socket.onmessage = ({ data }) => {
        try {
          session.receive(String(data));
        } catch {
          // What comes is no JSON: whatever this is, it is no hub. `onclose` tells who waits.
          socket.close();
        }
      };
      socket.onclose = ({ code, reason }) => {
        const why = reason === '' ? `code ${code}` : `${reason}, code ${code}`;
        const fault = new Fault(
          'UNAVAILABLE',
          `The connection to ${this.#url} is closed, or was not made (${why}).`,
        );
        if (this.#socket === socket) {
          this.#socket = undefined;
          this.#session = undefined;
        }
        session.closed(fault);
        reject(fault);
      };
    });
  }

  async close(reason: Fault): Promise<void> {
    this.#closing.abort(reason);
    this.#session?.catch(() => {});
    const socket = this.#socket;
    if (socket === undefined) return;
    const closed = new Promise<void>((resolve) => {
      socket.addEventListener('close', () => resolve());
    });
    socket.close(1000);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_WAIT_MS);
    });
    await Promise.race([closed, patience]);
    clearTimeout(timer);
  }
}

/** A WebSocket tells how much waits in it, and not when that is gone: one has to look. */
function waitForRoom(socket: WebSocket, session: ClientSession): void {
  const timer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount > QUEUE_BYTES) return;
    clearInterval(timer);
    session.drained();
  }, DRAIN_LOOK_MS);
}
