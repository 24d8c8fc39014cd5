import { Fault, type FaultCode, type FaultDocument, type FaultOptions } from '../../model/fault.ts';

/**
 * Error codes of JSON-RPC 2.0, section 5.1, where they mean the same as a fault's code; the other
 * faults are in the range for servers, -32000 less the number of the fault's code.
 */
export const RPC_CODES: { readonly [code in FaultCode]: number } = {
  CANCELLED: -32001,
  UNKNOWN: -32002,
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
  UNAVAILABLE: -32014,
  DATA_LOSS: -32015,
  UNAUTHENTICATED: -32016,
};

/** The text is no JSON. */
export const PARSE_ERROR = -32700;
/** The JSON is no request object. */
export const INVALID_REQUEST = -32600;

const byNumber = new Map<number, FaultCode>(
  Object.entries(RPC_CODES).map(([code, number]) => [number, code as FaultCode]),
)
  .set(PARSE_ERROR, 'INVALID_ARGUMENT')
  .set(INVALID_REQUEST, 'INVALID_ARGUMENT')
  // Language Server Protocol 3.17: RequestCancelled and ContentModified.
  .set(-32800, 'CANCELLED')
  .set(-32801, 'ABORTED');

/** The nearest fault code for the number in an error that some server sent. */
export function faultCodeOfRpcCode(number: number): FaultCode {
  return byNumber.get(number) ?? 'UNKNOWN';
}

/** How a code is shown in documentation: `-32601 Method not found`. */
export function showRpcCode(number: number): string {
  switch (number) {
    case -32601:
      return '-32601 Method not found';
    case -32602:
      return '-32602 Invalid params';
    case -32603:
      return '-32603 Internal error';
    default:
      return String(number);
  }
}

/** A message that is no request: JSON-RPC tells it from bad parameters by its own codes. */
export class RpcFault extends Fault {
  readonly rpcCode: number;

  constructor(rpcCode: number, message: string, options?: FaultOptions) {
    super(faultCodeOfRpcCode(rpcCode), message, options);
    this.rpcCode = rpcCode;
  }
}

/** The error object of JSON-RPC 2.0 section 5.1. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  /** The fault without its message: its exact code, and what a declared error carries. */
  readonly data: Omit<FaultDocument, 'message'>;
}

export function rpcErrorOf(fault: Fault): RpcError {
  const { message, ...data } = fault.toJSON();
  return { code: fault instanceof RpcFault ? fault.rpcCode : RPC_CODES[fault.code], message, data };
}

/** The reverse, for clients; tolerant: errors of any JSON-RPC server become the nearest fault. */
export function faultOfRpcError(error: unknown): Fault {
  if (typeof error !== 'object' || error === null) return Fault.fromJSON(undefined);
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
  const number = typeof code === 'number' ? code : 0;
  const document = (typeof data === 'object' && data !== null ? data : {}) as { code?: unknown };
  const ours = typeof document.code === 'string';
  const fault = Fault.fromJSON(
    ours
      ? { ...document, message }
      : { code: faultCodeOfRpcCode(number), message, ...(data === undefined ? {} : { data }) },
  );
  if (number !== PARSE_ERROR && number !== INVALID_REQUEST) return fault;
  return new RpcFault(number, fault.message, { data: fault.data });
}
