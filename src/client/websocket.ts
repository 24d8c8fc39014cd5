import { Fault } from '../model/fault.ts';
import type { ClientSession } from '../wire/jsonrpc/client-session.ts';
import type { DeliveryJson } from '../wire/jsonrpc/methods.ts';
import { Backoff } from './backoff.ts';
import { CallScope } from './call-scope.ts';
import { SocketCall } from './socket-call.ts';
import { SocketConnection } from './socket-connection.ts';
import {
  bytesOf,
  type CallOptions,
  type Outcome,
  type Received,
  type SubscribeOptions,
  type Transport,
} from './transport.ts';

/**
 * Calls over one WebSocket, in JSON-RPC. The connection is made when it is first needed, and again
 * for what begins after it broke; what was running then fails with UNAVAILABLE, because nobody
 * knows how far it came.
 */
export class WebSocketTransport implements Transport {
  readonly #connection: SocketConnection;
  readonly #running = new Set<CallScope>();

  /** @param url address of the WebSocket, `ws:` or `wss:` */
  constructor(url: string, token: string | undefined) {
    this.#connection = new SocketConnection(url, token);
  }

  call(operation: string, input: unknown, options: CallOptions): Outcome {
    const scope = this.#scope(options);
    return new SocketCall(this.#connection.session(), scope, { operation, input, options });
  }

  async publish(subject: string, payload: unknown, options: CallOptions): Promise<void> {
    const scope = this.#scope(options);
    try {
      const session = await scope.race(this.#connection.session());
      await scope.race(session.publish({ subject, payload }, { meta: options.metadata }));
    } finally {
      scope.done();
    }
  }

  async *subscribe(filter: string, options: SubscribeOptions): AsyncGenerator<Received> {
    const scope = this.#scope(options);
    const backoff = new Backoff();
    let after = options.after;
    try {
      while (!scope.signal.aborted) {
        try {
          const session = await scope.race(this.#connection.session());
          for await (const received of deliveries(session, filter, { ...options, after }, scope)) {
            backoff.reset();
            after = received.position;
            yield received;
          }
        } catch (error) {
          if (scope.signal.aborted || Fault.from(error).code !== 'UNAVAILABLE') throw error;
        }
        await backoff.wait(scope.signal);
      }
      throw scope.signal.reason;
    } catch (fault) {
      if (!options.signal?.aborted) throw fault;
    } finally {
      scope.end(new Fault('CANCELLED', 'The subscription was left.'));
    }
  }

  async close(reason: Fault): Promise<void> {
    for (const scope of this.#running) scope.end(reason);
    await this.#connection.close(reason);
  }

  #scope(options: Pick<CallOptions, 'signal' | 'timeoutMs'>): CallScope {
    const scope = new CallScope(options, (over) => this.#running.delete(over));
    if (!scope.signal.aborted) this.#running.add(scope);
    return scope;
  }
}

async function* deliveries(
  session: ClientSession,
  filter: string,
  options: SubscribeOptions,
  scope: CallScope,
): AsyncGenerator<Received> {
  const { after, from, last, onGap } = options;
  const subscription = session.subscribe(filter, { after, from, last, signal: scope.signal });
  if ((await subscription.ready).gap) onGap?.();
  let dropped = 0;
  for await (const delivery of subscription) {
    if (subscription.dropped > dropped) onGap?.();
    dropped = subscription.dropped;
    const { subject, position } = delivery;
    yield { subject, position, payload: payloadOf(delivery) };
  }
}

function payloadOf(delivery: DeliveryJson): unknown {
  if (delivery.base64 !== undefined) return bytesOf(delivery.base64);
  return delivery.text ?? delivery.payload;
}
