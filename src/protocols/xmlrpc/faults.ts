import type { FaultTable } from '../../hub/protocol.ts';
import { Fault, type FaultCode, type FaultOptions, faultCodeOfNumber } from '../../model/fault.ts';
import { XmlFault } from '../../wire/xml/fault.ts';

/**
 * Fault codes of the Specification for Fault Code Interoperability (version 20010516), where they
 * mean the same as a fault's code. The other faults are in its range for servers: -32000 less the
 * number of the fault's code.
 */
export const FAULT_NUMBERS: { readonly [code in FaultCode]: number } = {
  CANCELLED: -32001,
  UNKNOWN: -32500,
  INVALID_ARGUMENT: -32602,
  DEADLINE_EXCEEDED: -32004,
  NOT_FOUND: -32005,
  ALREADY_EXISTS: -32006,
  PERMISSION_DENIED: -32007,
  RESOURCE_EXHAUSTED: -32008,
  FAILED_PRECONDITION: -32009,
  ABORTED: -32010,
  OUT_OF_RANGE: -32011,
  UNIMPLEMENTED: -32601,
  INTERNAL: -32603,
  UNAVAILABLE: -32300,
  DATA_LOSS: -32400,
  UNAUTHENTICATED: -32016,
};

export const NOT_WELL_FORMED = -32700;
export const UNSUPPORTED_ENCODING = -32701;
export const INVALID_CHARACTER = -32702;
/** XML, and no XML-RPC. */
export const INVALID_XML_RPC = -32600;

const MEANINGS: Readonly<Record<number, string>> = {
  [-32601]: 'requested method not found',
  [-32602]: 'invalid method parameters',
  [-32603]: 'internal XML-RPC error',
  [-32500]: 'application error',
  [-32400]: 'system error',
  [-32300]: 'transport error',
};

const byNumber = new Map<number, FaultCode>([
  ...Object.entries(FAULT_NUMBERS).map(
    ([code, number]) => [number, code as FaultCode] as [number, FaultCode],
  ),
  [NOT_WELL_FORMED, 'INVALID_ARGUMENT'],
  [UNSUPPORTED_ENCODING, 'INVALID_ARGUMENT'],
  [INVALID_CHARACTER, 'INVALID_ARGUMENT'],
  [INVALID_XML_RPC, 'INVALID_ARGUMENT'],
]);

export const faults: FaultTable<number> = {
  toWire: FAULT_NUMBERS,
  fromWire: (number) =>
    byNumber.get(number) ??
    (number < -32_000 && number >= -32_099 ? faultCodeOfNumber(-32_000 - number) : 'UNKNOWN'),
  show: (number) =>
    MEANINGS[number] === undefined ? String(number) : `${number} ${MEANINGS[number]}`,
  details:
    '`faultCode` is this number and `faultString` the message; a third member, `fault`, holds the exact `code`, the name (`error`) and `data` of a declared error, and `violations`.',
};

/** A message that is no call: the interoperability codes tell several kinds apart. */
export class XmlRpcFault extends Fault {
  readonly faultCode: number;

  constructor(faultCode: number, message: string, options?: FaultOptions) {
    super(faults.fromWire(faultCode), message, options);
    this.faultCode = faultCode;
  }
}

export function invalidRequest(message: string): XmlRpcFault {
  return new XmlRpcFault(INVALID_XML_RPC, message);
}

export function invalidParameters(message: string): Fault {
  return new Fault('INVALID_ARGUMENT', message);
}

export function faultNumberOf(fault: Fault): number {
  if (fault instanceof XmlRpcFault) return fault.faultCode;
  if (fault instanceof XmlFault) {
    if (fault.problem === 'encoding') return UNSUPPORTED_ENCODING;
    if (fault.problem === 'character') return INVALID_CHARACTER;
    if (fault.problem === 'syntax') return NOT_WELL_FORMED;
  }
  return FAULT_NUMBERS[fault.code];
}
