import { type HeaderList, headerList } from '../hub/header-list.ts';
import type { Exchange } from '../hub/transport.ts';
import { Fault, type FaultCode, type FaultOptions } from '../model/fault.ts';

/** HTTP status of each fault code, for every protocol that answers over HTTP with statuses. */
export const FAULT_STATUS: { readonly [code in FaultCode]: number } = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** The nearest code for a status that some server sent. */
export function faultCodeOfStatus(status: number): FaultCode {
  switch (status) {
    case 401:
      return 'UNAUTHENTICATED';
    case 403:
      return 'PERMISSION_DENIED';
    case 404:
    case 410:
      return 'NOT_FOUND';
    case 408:
    case 504:
      return 'DEADLINE_EXCEEDED';
    case 409:
      return 'ABORTED';
    case 412:
    case 428:
      return 'FAILED_PRECONDITION';
    case 413:
    case 429:
    case 431:
      return 'RESOURCE_EXHAUSTED';
    case 416:
      return 'OUT_OF_RANGE';
    case 499:
      return 'CANCELLED';
    case 405:
    case 501:
      return 'UNIMPLEMENTED';
    case 502:
    case 503:
      return 'UNAVAILABLE';
    case 500:
      return 'INTERNAL';
    default:
      return status >= 400 && status < 500 ? 'INVALID_ARGUMENT' : 'UNKNOWN';
  }
}

/** A fault whose HTTP status or headers say more than its code: 405, 406, 413, 415, 417, 431. */
export class HttpFault extends Fault {
  readonly status: number;
  readonly headers: readonly string[];

  /** @param headers name, value, ... to send along, such as `allow`. */
  constructor(
    status: number,
    code: FaultCode,
    message: string,
    headers: readonly string[] = [],
    options: FaultOptions = {},
  ) {
    super(code, message, options);
    this.status = status;
    this.headers = headers;
  }
}

const PROBLEM_HEADERS = headerList('content-type', 'application/problem+json');

export function statusOfFault(fault: Fault): number {
  return fault instanceof HttpFault ? fault.status : FAULT_STATUS[fault.code];
}

/** Problem document (RFC 9457) of a fault: `code`, `error`, `data` and `violations` are ours. */
export function problemDocument(fault: Fault): Record<string, unknown> {
  const { message, ...rest } = fault.toJSON();
  return {
    type: fault.error === undefined ? 'about:blank' : `urn:polywire:error:${fault.error}`,
    title: fault.error ?? fault.code,
    status: statusOfFault(fault),
    detail: message,
    ...rest,
  };
}

export function problemHeaders(fault: Fault): HeaderList {
  const extra: string[] = [];
  if (fault.retryAfterMs !== undefined) {
    extra.push('retry-after', String(Math.ceil(fault.retryAfterMs / 1000)));
  }
  if (fault.code === 'UNAUTHENTICATED') extra.push('www-authenticate', 'Bearer realm="polywire"');
  if (fault instanceof HttpFault) extra.push(...fault.headers);
  return extra.length === 0 ? PROBLEM_HEADERS : PROBLEM_HEADERS.with(...extra);
}

/** Answers a fault as problem+json; does nothing when the client is gone. */
export function respondProblem(exchange: Exchange, fault: Fault): void {
  if (exchange.finished) return;
  exchange.respond(
    statusOfFault(fault),
    problemHeaders(fault),
    JSON.stringify(problemDocument(fault)),
  );
}
