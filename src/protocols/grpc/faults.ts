import type { FaultTable } from '../../hub/protocol.ts';
import { FAULT_CODES, type FaultCode, faultCodeOfNumber } from '../../model/fault.ts';

const numbers = Object.fromEntries(
  Object.entries(FAULT_CODES).map(([code, { number }]) => [code, number]),
) as { readonly [code in FaultCode]: number };

/** The hub's codes are gRPC's own (https://grpc.io/docs/guides/status-codes/). */
export const FAULTS: FaultTable<number> = {
  toWire: numbers,
  fromWire: faultCodeOfNumber,
  show: (number) => `${number} ${faultCodeOfNumber(number)}`,
  details:
    '`grpc-status-details-bin` (in Connect the `details` of the error) holds the data of a declared error as its own message, its name as `google.rpc.ErrorInfo`, violations as `google.rpc.BadRequest`, `google.rpc.RetryInfo`, and the whole fault as `google.protobuf.Struct`.',
};

/** The code in Connect's JSON: `not_found`; CANCELLED has one letter less. */
export function connectCode(code: FaultCode): string {
  return code === 'CANCELLED' ? 'canceled' : code.toLowerCase();
}
