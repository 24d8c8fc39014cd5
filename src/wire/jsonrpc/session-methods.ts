import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { type Credentials, NO_CREDENTIALS, type Principal } from '../../model/principal.ts';
import { refuse } from './answer.ts';
import { type RpcRequest, resultText } from './codec.ts';
import {
  callIdOf,
  countOf,
  credentialsIn,
  itemsOf,
  subscribeRequestOf,
  subscriptionIdOf,
} from './control.ts';
import { INVALID_REQUEST, RpcFault } from './faults.ts';
import { LSP_CANCEL, METHODS } from './methods.ts';
import { answerServiceMethod, answerWith, hello } from './service-methods.ts';
import type { Session } from './session.ts';
import { SessionSubscription } from './subscription.ts';

/** Credentials that may be tried on one connection. */
const MAX_ATTEMPTS = 3;

/** The `rpc.` methods of one session. */
export class SessionMethods {
  readonly #session: Session;
  #authenticated = false;
  #failedAttempts = 0;
  #subscriptionCount = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  answer(
    request: RpcRequest,
    id: string | undefined,
    inBatch: boolean,
  ): MaybePromise<string | undefined> {
    const { service } = this.#session;
    switch (request.method) {
      case METHODS.authenticate:
      case METHODS.hello:
        return inBatch ? this.#notInBatch(request, id) : this.#greet(request, id);
      case METHODS.subscribe:
        return inBatch ? this.#notInBatch(request, id) : this.#subscribe(request, id);
      case METHODS.unsubscribe:
        return answerWith(id, () => this.#unsubscribe(request, id));
      case METHODS.cancel:
      case LSP_CANCEL:
        return answerWith(id, () => this.#cancel(request, id));
      case METHODS.credit:
        return answerWith(id, () => this.#credit(request, id));
      case METHODS.items:
        return answerWith(id, () => this.#items(request, id));
      case METHODS.end:
        return answerWith(id, () => this.#end(request, id));
      default:
        return answerServiceMethod(service, request, id, this.#session);
    }
  }

  #notInBatch(request: RpcRequest, id: string | undefined): string | undefined {
    const message = `Send ${request.method} as a message of its own, not in a batch.`;
    return refuse(this.#session.service, id, new RpcFault(INVALID_REQUEST, message));
  }

  #greet(request: RpcRequest, id: string | undefined): MaybePromise<string | undefined> {
    const { service } = this.#session;
    return answerWith(id, () => {
      const credentials = credentialsIn(request);
      if (credentials === undefined && request.method === METHODS.hello) {
        return hello(service, this.#session.principal);
      }
      const admitted = this.#authenticate(credentials ?? NO_CREDENTIALS);
      return isPromise(admitted)
        ? this.#session.hold(admitted).then((principal) => this.#admitted(principal))
        : this.#admitted(admitted);
    });
  }

  #authenticate(credentials: Credentials): MaybePromise<Principal> {
    if (this.#authenticated) {
      throw new Fault('FAILED_PRECONDITION', 'This connection is authenticated already.');
    }
    if (credentials.kind === 'none') {
      throw new Fault('INVALID_ARGUMENT', 'rpc.authenticate takes {token} or {user, password}.');
    }
    try {
      const principal = this.#session.service.hub.authenticate(credentials);
      if (!isPromise(principal)) return principal;
      return principal.catch((error: unknown) => {
        throw this.#rejected(error);
      });
    } catch (error) {
      throw this.#rejected(error);
    }
  }

  /** One answer for whatever is wrong with credentials, and an end to guessing. */
  #rejected(error: unknown): Fault {
    const fault = Fault.from(error);
    if (fault.code !== 'UNAUTHENTICATED') return fault;
    if (++this.#failedAttempts >= MAX_ATTEMPTS) this.#session.closeSoon();
    return new Fault('UNAUTHENTICATED', 'These credentials are not accepted.');
  }

  #admitted(principal: Principal): unknown {
    this.#session.principal = principal;
    this.#authenticated = true;
    return hello(this.#session.service, principal);
  }

  #subscribe(request: RpcRequest, id: string | undefined): string | undefined {
    const session = this.#session;
    const { service } = session;
    try {
      if (id === undefined) {
        throw new RpcFault(
          INVALID_REQUEST,
          'rpc.subscribe needs an id: its answer names the subscription.',
        );
      }
      const full = session.roomForStream();
      if (full !== undefined) throw full;
      const name = `s${++this.#subscriptionCount}`;
      const subscription = new SessionSubscription(
        session,
        service.hub,
        name,
        subscribeRequestOf(request),
        { principal: session.principal, meter: service.meter },
      );
      session.subscriptions.set(name, subscription);
      session.send(resultText(id, subscription.result));
      subscription.answered();
      return undefined;
    } catch (error) {
      return refuse(service, id, Fault.from(error));
    }
  }

  #unsubscribe(request: RpcRequest, id: string | undefined): null {
    const name = subscriptionIdOf(request) ?? '';
    const subscription = this.#session.subscriptions.get(name);
    if (subscription === undefined) return missing(id, `subscription ${JSON.stringify(name)}`);
    subscription.close();
    this.#session.ended(name);
    return null;
  }

  #cancel(request: RpcRequest, id: string | undefined): null {
    const callId = callIdOf(request);
    const call = this.#session.streams.get(callId) ?? this.#session.runningCall(callId);
    if (call === undefined) return missing(id, `running call ${callId}`);
    call.abort();
    return null;
  }

  #credit(request: RpcRequest, id: string | undefined): null {
    const count = countOf(request);
    const name = subscriptionIdOf(request);
    if (name === undefined) {
      const callId = callIdOf(request);
      const stream = this.#session.streams.get(callId);
      if (stream === undefined) return missing(id, `streaming call ${callId}`);
      stream.credit(count);
      return null;
    }
    const subscription = this.#session.subscriptions.get(name);
    if (subscription === undefined) return missing(id, `subscription ${JSON.stringify(name)}`);
    subscription.credit(count);
    return null;
  }

  #items(request: RpcRequest, id: string | undefined): null {
    const callId = callIdOf(request);
    const items = itemsOf(request);
    const stream = this.#session.streams.get(callId);
    if (stream === undefined) return missing(id, `streaming call ${callId}`);
    stream.push(items);
    return null;
  }

  #end(request: RpcRequest, id: string | undefined): null {
    const callId = callIdOf(request);
    const stream = this.#session.streams.get(callId);
    if (stream === undefined) return missing(id, `streaming call ${callId}`);
    stream.end();
    return null;
  }
}

/** What is over when a notification for it arrives was in time when it was sent: only a request
 * is told. */
function missing(id: string | undefined, what: string): null {
  if (id === undefined) return null;
  throw new Fault('NOT_FOUND', `This connection has no ${what}.`);
}
