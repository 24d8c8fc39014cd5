import type { DocumentKind } from '../../hub/protocol.ts';
import { openRpcDocument } from '../../wire/jsonrpc/open-rpc.ts';
import { DEFAULT_PATH } from './options.ts';

/** The document that `rpc.discover` answers, for one contract. */
export const openRpc: DocumentKind = {
  format: 'openrpc',
  title: 'OpenRPC 1.3',
  create(contract, baseUrl) {
    const url = `${baseUrl}${DEFAULT_PATH}`;
    return `${JSON.stringify(openRpcDocument([contract], [{ name: 'HTTP', url }]), null, 2)}\n`;
  },
};
