import { authorizeKnown } from '../../hub/authorize.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Message } from '../../model/message.ts';
import type { Principal } from '../../model/principal.ts';
import type { TraceContext } from '../../model/trace.ts';
import { type Caller, type RpcService, refuse, traceOf, unknownMethod } from './answer.ts';
import { errorText, type RpcRequest, resultText } from './codec.ts';
import { publicationsOf } from './control.ts';
import { messageOf } from './message-json.ts';
import { type HelloResult, METHODS, SUBPROTOCOL } from './methods.ts';

/** The `rpc.` methods that need no conversation: they work over HTTP too. */

export function hello(service: RpcService, principal: Principal): HelloResult {
  return {
    server: 'polywire',
    protocol: SUBPROTOCOL,
    principal: principal.id,
    authenticated: principal.authenticated,
    limits: service.limits,
  };
}

/** Publishes what `rpc.publish` holds; all or nothing. */
export function publish(
  service: RpcService,
  request: RpcRequest,
  caller: Caller,
): MaybePromise<{ published: number }> {
  const trace = traceOf(request) ?? caller.trace;
  const messages = publications(service, request, trace);
  const origin = { principal: caller.principal, meter: service.meter };
  const accepted = service.hub.publish(messages, origin);
  const result = { published: messages.length };
  return isPromise(accepted) ? accepted.then(() => result) : result;
}

/** The hub counts messages that are handed to it; those that are none are counted here. */
function publications(
  service: RpcService,
  request: RpcRequest,
  trace: TraceContext | undefined,
): Message[] {
  const { meter } = service;
  try {
    return publicationsOf(request).map((value) => messageOf(value, meter.protocol, trace));
  } catch (error) {
    meter.received++;
    meter.refused++;
    throw error;
  }
}

/** Text of the response to an `rpc.` request, once `run` has answered; never rejects. */
export function answerWith(
  id: string | undefined,
  run: () => MaybePromise<unknown>,
): MaybePromise<string | undefined> {
  try {
    const result = run();
    if (!isPromise(result)) return id === undefined ? undefined : resultText(id, result);
    return result.then(
      (value) => (id === undefined ? undefined : resultText(id, value)),
      (error: unknown) => (id === undefined ? undefined : errorText(id, Fault.from(error))),
    );
  } catch (error) {
    return id === undefined ? undefined : errorText(id, Fault.from(error));
  }
}

const SESSION_ONLY = new Set<string>([
  METHODS.authenticate,
  METHODS.cancel,
  METHODS.credit,
  METHODS.end,
  METHODS.items,
  METHODS.subscribe,
  METHODS.unsubscribe,
]);

/** Answers an `rpc.` method where there is no conversation to hold. */
export function answerServiceMethod(
  service: RpcService,
  request: RpcRequest,
  id: string | undefined,
  caller: Caller,
): MaybePromise<string | undefined> {
  switch (request.method) {
    case METHODS.discover:
      return answerWith(id, () => {
        authorizeKnown(service.hub, caller.principal, 'The contract');
        return service.discover();
      });
    case METHODS.hello:
      return answerWith(id, () => hello(service, caller.principal));
    case METHODS.publish:
      return answerWith(id, () => publish(service, request, caller));
    default:
      return refuse(
        service,
        id,
        SESSION_ONLY.has(request.method)
          ? needsSession(request.method)
          : unknownMethod(request.method),
      );
  }
}

/** For what needs a conversation, where one request has one answer. */
export function needsSession(what: string): Fault {
  return new Fault(
    'UNIMPLEMENTED',
    `${what} needs a connection that stays open: use it over the WebSocket, or JSON-RPC over TCP, a Unix socket or stdio. JSON-RPC over HTTP carries unary calls.`,
  );
}
