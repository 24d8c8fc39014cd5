import type { FaultTable } from '../../hub/protocol.ts';
import { FAULT_STATUS, faultCodeOfStatus } from '../../wire/problem.ts';

/** Faults that refuse a subscription, as HTTP statuses. */
export const FAULTS: FaultTable<number> = {
  toWire: FAULT_STATUS,
  fromWire: faultCodeOfStatus,
  show: (status) => `HTTP ${status}`,
  details:
    'A subscription is refused with application/problem+json (RFC 9457), which holds the exact code; once it is open there are no faults, only its end.',
};
