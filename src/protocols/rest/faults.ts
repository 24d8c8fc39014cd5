import type { FaultTable } from '../../hub/protocol.ts';
import { FAULT_STATUS, faultCodeOfStatus } from '../../wire/problem.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Faults as HTTP statuses. */
export const FAULTS: FaultTable<number> = {
  toWire: FAULT_STATUS,
  fromWire: faultCodeOfStatus,
  show: (status) => `${status} ${REASONS[status] ?? ''}`.trim(),
  details:
    'The exact code, a declared error with its data and violations travel in the body, application/problem+json (RFC 9457); once a stream has begun, in its last item: the event `error`, or a line ` {"error": ...}`, which begins with a space.',
};
