import net from 'node:net';
import tls from 'node:tls';
import { CallScope } from '../client/call-scope.ts';
import { SocketCall } from '../client/socket-call.ts';
import type { CallOptions, Outcome, Received, Transport } from '../client/transport.ts';
import { Fault } from '../model/fault.ts';
import { ClientSession } from '../wire/jsonrpc/client-session.ts';
import { LineFraming } from '../wire/jsonrpc/framing.ts';

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Calls in JSON-RPC over a plain connection, one JSON text a line; for the command line only. */
export class LineTransport implements Transport {
  readonly #socket: net.Socket;
  readonly #session: Promise<ClientSession>;

  constructor(base: URL, token: string | undefined) {
    const secure = base.protocol === 'https:';
    const host = base.hostname.replace(/^\[|\]$/g, '');
    const port = Number(base.port || (secure ? 443 : 80));
    this.#socket = secure
      ? tls.connect({ host, port, servername: net.isIP(host) === 0 ? host : '' })
      : net.connect({ host, port });
    this.#session = this.#open(secure ? 'secureConnect' : 'connect', base.origin, token);
    // Whoever calls gets the fault; until then it must not end the process.
    this.#session.catch(() => {});
  }

  async #open(ready: string, origin: string, token: string | undefined): Promise<ClientSession> {
    const socket = this.#socket;
    const session = new ClientSession({ send: (text) => socket.write(`${text}\n`) });
    const framing = new LineFraming(MAX_MESSAGE_BYTES);
    const gone = (cause?: unknown): Fault =>
      new Fault('UNAVAILABLE', `The hub at ${origin} was not reached, or the connection broke.`, {
        cause,
      });
    socket.on('data', (bytes: Buffer) => {
      try {
        framing.push(bytes, (line) => session.receive(line.toString('utf8')));
      } catch (error) {
        session.closed(Fault.from(error));
        socket.destroy();
      }
    });
    socket.on('drain', () => session.drained());
    await new Promise<void>((resolve, reject) => {
      socket.once(ready, () => resolve());
      socket.on('error', (error) => {
        session.closed(gone(error));
        reject(gone(error));
      });
      socket.on('close', () => {
        session.closed(gone());
        reject(gone());
      });
    });
    if (token !== undefined) await session.hello({ token });
    return session;
  }

  call(operation: string, input: unknown, options: CallOptions): Outcome {
    const scope = new CallScope(options, () => {});
    return new SocketCall(this.#session, scope, { operation, input, options });
  }

  async publish(subject: string, payload: unknown, options: CallOptions): Promise<void> {
    const session = await this.#session;
    await session.publish({ subject, payload }, { meta: options.metadata });
  }

  subscribe(): AsyncIterable<Received> {
    throw new Fault('UNIMPLEMENTED', 'This transport carries no subscriptions; use a WebSocket.');
  }

  close(): Promise<void> {
    this.#socket.destroy();
    return Promise.resolve();
  }
}
