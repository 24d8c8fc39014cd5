import {
  type Context,
  context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { iteratorOf, leave } from '../hub/guarded-stream.ts';
import type { Endpoint } from '../hub/hub.ts';
import type { CallObserver, Invoke, Middleware } from '../hub/middleware.ts';
import type { Call } from '../model/call.ts';
import type { FaultCode } from '../model/fault.ts';
import { isPromise } from '../model/maybe-promise.ts';
import type { Message } from '../model/message.ts';
import type { TraceContext } from '../model/trace.ts';

/**
 * A span for each hop through the OpenTelemetry API: around every call (refused ones too), and
 * for every message that comes with a trace. The span continues the caller's trace, is the
 * active one in the handler, and is what the handler's own calls and events carry on. Spans hold
 * names and codes, never what a call or message contained.
 */
export function traceCalls(): Middleware {
  const tracer = trace.getTracer('polywire');
  const spans = new WeakMap<Call, Span>();
  return {
    name: 'trace',
    observe: (endpoint) => new CallSpans(tracer, endpoint, spans),
    invoke: (next, endpoint) => inSpan(next, endpoint, spans),
    publish: (next) => (messages, origin) =>
      next(
        messages.some((message) => message.trace !== undefined)
          ? messages.map((message) => hop(tracer, message))
          : messages,
        origin,
      ),
  };
}

/** Codes that are the server's failure and not the caller's (OpenTelemetry's convention for RPC
 * server spans). */
const SERVER_FAILURES: ReadonlySet<FaultCode> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

class CallSpans implements CallObserver {
  readonly #tracer: Tracer;
  readonly #endpoint: Endpoint;
  readonly #spans: WeakMap<Call, Span>;

  constructor(tracer: Tracer, endpoint: Endpoint, spans: WeakMap<Call, Span>) {
    this.#tracer = tracer;
    this.#endpoint = endpoint;
    this.#spans = spans;
  }

  begin(call: Call, meter: { readonly protocol: string }): void {
    const { name, service, operation, contract } = this.#endpoint;
    const inner = call.depth > 0;
    const span = this.#tracer.startSpan(
      name,
      {
        kind: inner ? SpanKind.INTERNAL : SpanKind.SERVER,
        attributes: {
          'rpc.system': meter.protocol,
          'rpc.service': service.name,
          'rpc.method': operation.name,
          'polywire.contract': contract.name,
        },
      },
      // A handler may have made a span of its own around what it calls.
      inner && trace.getSpan(context.active()) !== undefined
        ? context.active()
        : contextOf(call.trace),
    );
    this.#spans.set(call, span);
    call.trace = traceOf(span) ?? call.trace;
  }

  end(call: Call, _meter: unknown, fault: { readonly code: FaultCode } | undefined): void {
    const span = this.#spans.get(call);
    if (span === undefined) return;
    span.setAttribute('rpc.response.status_code', fault?.code ?? 'OK');
    if (fault !== undefined && SERVER_FAILURES.has(fault.code)) {
      span.setAttribute('error.type', fault.code);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }
}

/** Makes the call's span the active one where the handler runs. */
function inSpan(next: Invoke, endpoint: Endpoint, spans: WeakMap<Call, Span>): Invoke {
  const streams = endpoint.operation.output.stream;
  return (call) => {
    const span = spans.get(call);
    if (span === undefined) return next(call);
    const active = trace.setSpan(context.active(), span);
    const answer = context.with(active, next, undefined, call);
    if (!streams) return answer;
    // A generator runs when it is read, in the context of whoever reads.
    if (isPromise(answer)) return answer.then((stream) => streamIn(active, stream));
    return streamIn(active, answer);
  };
}

function streamIn(active: Context, answer: unknown): unknown {
  const source = iteratorOf(answer);
  if (source === undefined) return answer;
  const iterator = {
    next: () => context.with(active, () => source.next()),
    return: () => {
      context.with(active, leave, undefined, source);
      return { value: undefined, done: true };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** The message with a span of this hop in its trace. */
function hop(tracer: Tracer, message: Message): Message {
  if (message.trace === undefined) return message;
  const span = tracer.startSpan(
    'publish',
    {
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.system': message.source,
        'messaging.operation.type': 'send',
        'messaging.destination.name': message.subject,
      },
    },
    contextOf(message.trace),
  );
  span.end();
  return { ...message, trace: traceOf(span) ?? message.trace };
}

/** The remote parent that a trace context names; the root for none. */
function contextOf(incoming: TraceContext | undefined): Context {
  if (incoming === undefined) return ROOT_CONTEXT;
  const [, traceId, spanId, flags] = incoming.traceparent.split('-') as [
    string,
    string,
    string,
    string,
  ];
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 0xff,
    isRemote: true,
    ...(incoming.tracestate === undefined
      ? {}
      : { traceState: createTraceState(incoming.tracestate) }),
  });
}

/** What goes out for a span; undefined for one that is not real. */
function traceOf(span: Span): TraceContext | undefined {
  const own = span.spanContext();
  if (!trace.isSpanContextValid(own)) return undefined;
  return {
    traceparent: `00-${own.traceId}-${own.spanId}-${own.traceFlags.toString(16).padStart(2, '0')}`,
    tracestate: own.traceState?.serialize() || undefined,
  };
}
