import type { FaultCode } from '../../model/fault.ts';
import { HttpFault, problemDocument } from '../../wire/problem.ts';
import type { RequestError } from './errors.ts';
import { dateLine, statusLine } from './response-head.ts';

const CODES: { readonly [status: number]: FaultCode } = {
  408: 'DEADLINE_EXCEEDED',
  414: 'RESOURCE_EXHAUSTED',
  431: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  505: 'UNIMPLEMENTED',
};

/** What a handler learns whose request's body turned out to be malformed or late. */
export function faultOfRefusal(refusal: RequestError): HttpFault {
  return new HttpFault(
    refusal.status,
    CODES[refusal.status] ?? 'INVALID_ARGUMENT',
    refusal.message,
  );
}

/** The last response of a connection whose bytes cannot be understood any further. */
export function refusalText(refusal: RequestError): string {
  const body = JSON.stringify(problemDocument(faultOfRefusal(refusal)));
  return (
    `${statusLine(refusal.status)}content-type: application/problem+json\r\n${dateLine()}` +
    `connection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}
