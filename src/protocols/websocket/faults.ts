import type { FaultTable } from '../../hub/protocol.ts';
import { faultCodeOfRpcCode, RPC_CODES, showRpcCode } from '../../wire/jsonrpc/faults.ts';

export const faults: FaultTable<number> = {
  toWire: RPC_CODES,
  fromWire: faultCodeOfRpcCode,
  show: showRpcCode,
  details:
    'Messages are JSON-RPC 2.0: `error.code` is this number; `error.data` holds the exact `code`, the name (`error`) and `data` of a declared error, and `violations`.',
};
