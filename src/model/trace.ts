/** W3C Trace Context (https://www.w3.org/TR/trace-context/), as it is on the wire. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;

/** The context, or undefined when `traceparent` is not valid (the standard says: start anew). */
export function traceContext(
  traceparent: string | undefined,
  tracestate?: string | undefined,
): TraceContext | undefined {
  if (traceparent === undefined || !TRACEPARENT.test(traceparent)) return undefined;
  if (traceparent.startsWith('00-') && traceparent.length !== 55) return undefined;
  return { traceparent, tracestate };
}
