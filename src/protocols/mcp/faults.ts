import type { FaultTable } from '../../hub/protocol.ts';
import { Fault, type FaultCode, type FaultOptions } from '../../model/fault.ts';

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
/** Revision 2026-07-28, "Error Codes". */
export const HEADER_MISMATCH = -32020;
export const UNSUPPORTED_VERSION = -32022;
/** Resource not found, up to 2025-11-25. */
const OLD_NOT_FOUND = -32002;

/** Codes of JSON-RPC where they say the same; the others stand outside of the range that JSON-RPC
 * and MCP reserve: -31000 less the number of the fault's code. */
const CODES: { readonly [code in FaultCode]: number } = {
  CANCELLED: -31001,
  UNKNOWN: -31002,
  INVALID_ARGUMENT: INVALID_PARAMS,
  DEADLINE_EXCEEDED: -31004,
  NOT_FOUND: INVALID_PARAMS,
  ALREADY_EXISTS: -31006,
  PERMISSION_DENIED: -31007,
  RESOURCE_EXHAUSTED: -31008,
  FAILED_PRECONDITION: -31009,
  ABORTED: -31010,
  OUT_OF_RANGE: -31011,
  UNIMPLEMENTED: METHOD_NOT_FOUND,
  INTERNAL: -32603,
  UNAVAILABLE: -31014,
  DATA_LOSS: -31015,
  UNAUTHENTICATED: -31016,
};

const byNumber = new Map<number, FaultCode>([
  ...Object.entries(CODES).map(([code, number]) => [number, code as FaultCode] as const),
  [INVALID_PARAMS, 'INVALID_ARGUMENT'],
  [PARSE_ERROR, 'INVALID_ARGUMENT'],
  [INVALID_REQUEST, 'INVALID_ARGUMENT'],
  [HEADER_MISMATCH, 'INVALID_ARGUMENT'],
  [UNSUPPORTED_VERSION, 'UNIMPLEMENTED'],
  [OLD_NOT_FOUND, 'NOT_FOUND'],
]);

const SHOWN: Readonly<Record<number, string>> = {
  [METHOD_NOT_FOUND]: '-32601 Method not found',
  [INVALID_PARAMS]: '-32602 Invalid params',
  [-32603]: '-32603 Internal error',
};

export const faults: FaultTable<number> = {
  toWire: CODES,
  fromWire: (number) => byNumber.get(number) ?? 'UNKNOWN',
  show: (number) => SHOWN[number] ?? String(number),
  details:
    'A fault of a tool call is a result with `isError: true`, whose text is the fault document (`code`, `message`, `error` and `data` of a declared error, `violations`), again in `_meta["polywire/fault"]`. A fault of any other request is an error with this number; `error.data` is the document.',
};

/** A message that is wrong as MCP: JSON-RPC code and HTTP status of its own. */
export class ProtocolFault extends Fault {
  readonly rpcCode: number;
  /** HTTP status of the response. */
  readonly status: number;
  /** `error.data` in place of the fault document. */
  readonly wireData: unknown;

  constructor(
    rpcCode: number,
    message: string,
    more: FaultOptions & {
      readonly code?: FaultCode;
      readonly status?: number;
      readonly wireData?: unknown;
    } = {},
  ) {
    super(more.code ?? faults.fromWire(rpcCode), message, more);
    this.rpcCode = rpcCode;
    this.status = more.status ?? 200;
    this.wireData = more.wireData;
  }
}

export function badRequest(message: string): ProtocolFault {
  return new ProtocolFault(INVALID_REQUEST, message, { status: 400 });
}

export function badParams(message: string): ProtocolFault {
  return new ProtocolFault(INVALID_PARAMS, message);
}

/** A resource that is not there, or not for this principal to know of. */
export class ResourceNotFound extends ProtocolFault {
  constructor(uri: string) {
    super(INVALID_PARAMS, `There is no resource ${JSON.stringify(uri.slice(0, 200))}.`, {
      code: 'NOT_FOUND',
      wireData: { code: 'NOT_FOUND', uri: uri.slice(0, 2000) },
    });
  }
}

/** The error object of a response. */
export function errorObject(
  fault: Fault,
  modern: boolean,
): { readonly code: number; readonly message: string; readonly data: unknown } {
  const { message, ...document } = fault.toJSON();
  if (fault instanceof ResourceNotFound && !modern) {
    return { code: OLD_NOT_FOUND, message, data: fault.wireData };
  }
  if (fault instanceof ProtocolFault) {
    return { code: fault.rpcCode, message, data: fault.wireData ?? document };
  }
  return { code: CODES[fault.code], message, data: document };
}
