import type { Call } from '../model/call.ts';
import type { Fault, FaultCode } from '../model/fault.ts';
import type { Meter } from './diagnostics.ts';
import type { Endpoint } from './hub.ts';
import type { Logger } from './logger.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Whose business a failure is: the hub's operator sees errors, warnings; callers' mistakes are
 * details. */
const LEVELS: { readonly [code in FaultCode]: Level } = {
  CANCELLED: 'debug',
  UNKNOWN: 'error',
  INVALID_ARGUMENT: 'debug',
  DEADLINE_EXCEEDED: 'warn',
  NOT_FOUND: 'debug',
  ALREADY_EXISTS: 'debug',
  PERMISSION_DENIED: 'info',
  RESOURCE_EXHAUSTED: 'warn',
  FAILED_PRECONDITION: 'debug',
  ABORTED: 'debug',
  OUT_OF_RANGE: 'debug',
  UNIMPLEMENTED: 'debug',
  INTERNAL: 'error',
  UNAVAILABLE: 'warn',
  DATA_LOSS: 'error',
  UNAUTHENTICATED: 'info',
};

/** What every line about a call tells: names, never what was in it. */
export function callFields(endpoint: Endpoint, call: Call, meter: Meter, durationMs: number) {
  return {
    operation: endpoint.name,
    protocol: meter.protocol,
    principal: call.principal.id,
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...(call.trace === undefined ? {} : { traceparent: call.trace.traceparent }),
  };
}

/** The one line of a failed call. The message of a fault is left out where it may quote the
 * input; the cause of an unexpected error is there with its stack. */
export function logFailure(
  logger: Logger,
  endpoint: Endpoint,
  call: Call,
  meter: Meter,
  fault: Fault,
  durationMs: number,
): void {
  const level = LEVELS[fault.code];
  logger[level](
    {
      ...callFields(endpoint, call, meter, durationMs),
      code: fault.code,
      ...(fault.error === undefined ? {} : { error: fault.error }),
      ...(fault.violations === undefined
        ? {}
        : { violations: fault.violations.map(({ path, expected }) => ({ path, expected })) }),
      ...(level === 'error' ? { err: fault.cause ?? fault } : {}),
    },
    call.handled ? 'call failed' : 'call refused',
  );
}
