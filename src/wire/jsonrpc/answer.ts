import type { Meter } from '../../hub/diagnostics.ts';
import type { Endpoint, Hub } from '../../hub/hub.ts';
import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { type Metadata, metadataOf } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import { type TraceContext, traceContext } from '../../model/trace.ts';
import { errorText, idText, type RpcRequest, resultText } from './codec.ts';
import type { SessionLimits } from './methods.ts';
import { inputOf } from './parameters.ts';

/** What answers to JSON-RPC requests are made from, whatever carries them. */
export interface RpcService {
  readonly hub: Hub;
  readonly meter: Meter;
  readonly limits: SessionLimits;
  /** How long a conversation may last without credentials where the hub asks for them, in
   * milliseconds; 0 for ever. */
  readonly authenticateTimeoutMs: number;
  /** The OpenRPC document. */
  discover(): unknown;
}

/** Who sends requests, and what the transport says about all of them. */
export interface Caller {
  readonly principal: Principal;
  readonly metadata: Metadata;
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext | undefined;
  /** A call that did not answer at once; the answer is handed to `settled`. */
  began(call: Call, id: string | undefined): void;
  settled(call: Call, id: string | undefined): void;
}

const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** A request's call, by the request's own members where it has them, else by its transport's. */
export function callOf(request: RpcRequest, input: unknown, caller: Caller): Call {
  const { timeoutMs, meta } = request;
  return new Call({
    input,
    principal: caller.principal,
    metadata: meta === undefined ? caller.metadata : joined(caller.metadata, meta),
    deadlineMs:
      timeoutMs === undefined
        ? caller.deadlineMs
        : Date.now() + Math.min(timeoutMs, MAX_TIMEOUT_MS),
    trace: request.traceparent === undefined ? caller.trace : traceOf(request),
  });
}

function joined(base: Metadata, meta: { readonly [name: string]: string }): Metadata {
  const own = metadataOf(meta);
  const pairs = [...own.entries()];
  for (const pair of base.entries()) if (own.get(pair[0]) === undefined) pairs.push(pair);
  return metadataOf(pairs);
}

/** A request's own trace context; undefined where it has none that is valid. */
export function traceOf(request: RpcRequest): TraceContext | undefined {
  const { traceparent, tracestate } = request;
  if (typeof traceparent !== 'string') return undefined;
  return traceContext(traceparent, typeof tracestate === 'string' ? tracestate : undefined);
}

export function unknownMethod(method: string): Fault {
  return new Fault(
    'UNIMPLEMENTED',
    `There is no method ${JSON.stringify(method.slice(0, 100))}; rpc.discover lists them all.`,
  );
}

/** The text that refuses a request before a handler ran; undefined for a notification. */
export function refuse(
  service: RpcService,
  id: string | undefined,
  fault: Fault,
): string | undefined {
  service.meter.received++;
  service.meter.refused++;
  return id === undefined ? undefined : errorText(id, fault);
}

/**
 * Runs a unary operation. Answers the response's text, or undefined for a notification: at once
 * where the handler answered at once.
 */
export function answerUnary(
  service: RpcService,
  request: RpcRequest,
  endpoint: Endpoint,
  caller: Caller,
): MaybePromise<string | undefined> {
  const id = request.id === undefined ? undefined : idText(request.id);
  let call: Call;
  try {
    call = callOf(request, inputOf(endpoint, request.params), caller);
  } catch (error) {
    return refuse(service, id, Fault.from(error));
  }
  try {
    const result = service.hub.invoke(endpoint, call, service.meter);
    if (isPromise(result)) return answerLater(result, call, id, caller);
    return id === undefined ? undefined : resultText(id, result, call.replyMetadata);
  } catch (error) {
    return id === undefined ? undefined : errorText(id, Fault.from(error), call.replyMetadata);
  }
}

async function answerLater(
  result: Promise<unknown>,
  call: Call,
  id: string | undefined,
  caller: Caller,
): Promise<string | undefined> {
  caller.began(call, id);
  try {
    const value = await result;
    return id === undefined ? undefined : resultText(id, value, call.replyMetadata);
  } catch (error) {
    return id === undefined ? undefined : errorText(id, Fault.from(error), call.replyMetadata);
  } finally {
    caller.settled(call, id);
  }
}
