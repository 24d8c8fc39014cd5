import type { FaultTable } from '../../hub/protocol.ts';
import { FAULT_CODE_NAMES, type FaultCode, isFaultCode } from '../../model/fault.ts';

/** In GraphQL a fault is an error of the response, with its code by name in `extensions.code`. */
export const faults: FaultTable<string> = {
  toWire: Object.fromEntries(FAULT_CODE_NAMES.map((code) => [code, code])) as {
    readonly [code in FaultCode]: string;
  },
  fromWire: (code) => (isFaultCode(code) ? code : (OTHERS[code] ?? 'UNKNOWN')),
  show: (code) => `\`${code}\``,
  details:
    '`errors[].extensions.code` is this name; `extensions.error` and `extensions.data` hold the name and data of a declared error, and `extensions.violations` what is wrong with an input.',
};

/** Codes that other servers send, and clients know. */
const OTHERS: { readonly [code: string]: FaultCode } = {
  GRAPHQL_PARSE_FAILED: 'INVALID_ARGUMENT',
  GRAPHQL_VALIDATION_FAILED: 'INVALID_ARGUMENT',
  BAD_USER_INPUT: 'INVALID_ARGUMENT',
  BAD_REQUEST: 'INVALID_ARGUMENT',
  OPERATION_RESOLUTION_FAILURE: 'INVALID_ARGUMENT',
  PERSISTED_QUERY_NOT_FOUND: 'NOT_FOUND',
  PERSISTED_QUERY_NOT_SUPPORTED: 'UNIMPLEMENTED',
  INTERNAL_SERVER_ERROR: 'INTERNAL',
  FORBIDDEN: 'PERMISSION_DENIED',
};
