import { Fault } from '../../model/fault.ts';
import { idText, isResponse, parseRpc, type RpcId } from '../../wire/jsonrpc/codec.ts';
import { messageText } from '../../wire/jsonrpc/framing.ts';
import { badRequest, errorObject, PARSE_ERROR, ProtocolFault } from './faults.ts';
import { isObject } from './request.ts';

/** JSON-RPC messages as MCP narrows them: no batches, ids are texts or whole numbers. */
export type Incoming =
  | {
      readonly kind: 'request';
      readonly id: string;
      readonly method: string;
      readonly params: unknown;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  /** An answer to a request of ours; we send none. */
  | { readonly kind: 'response' };

/**
 * One message of a client.
 * @throws ProtocolFault -32700, -32600
 */
export function parseMessage(bytes: Buffer, maxDepth: number): Incoming {
  const text = messageText(bytes);
  if (text === undefined) throw notJson('The message is not UTF-8.');
  let value: unknown;
  try {
    value = parseRpc(text, maxDepth);
  } catch (error) {
    throw notJson(Fault.from(error).message);
  }
  if (Array.isArray(value)) throw badRequest('Batches are not part of MCP; send one message.');
  if (isResponse(value)) return { kind: 'response' };
  if (!isObject(value)) throw badRequest('A message is a JSON object.');
  const { jsonrpc, id, method, params } = value;
  if (jsonrpc !== '2.0') throw new UnreadRequest('"jsonrpc" must be "2.0".', id);
  if (typeof method !== 'string') throw new UnreadRequest('"method" must be a string.', id);
  if (id === undefined) return { kind: 'notification', method, params };
  if (!isRequestId(id)) throw badRequest('"id" must be a string or a whole number.');
  return { kind: 'request', id: idText(id), method, params };
}

/** JSON text of an id that a notification names; undefined for what is none. */
export function requestIdText(id: unknown): string | undefined {
  return isRequestId(id) ? idText(id) : undefined;
}

function isRequestId(id: unknown): id is Exclude<RpcId, null> {
  if (typeof id === 'number') return Number.isSafeInteger(id);
  return (
    typeof id === 'string' ||
    (typeof id === 'object' && id !== null && /^-?[0-9]+$/.test(idText(id)))
  );
}

/** A message that is no request and yet has an id, to which the answer goes. */
export class UnreadRequest extends ProtocolFault {
  /** JSON text; undefined for none. */
  readonly id: string | undefined;

  constructor(message: string, id: unknown) {
    super(-32600, message, { status: 400 });
    this.id = requestIdText(id);
  }
}

function notJson(message: string): ProtocolFault {
  return new ProtocolFault(PARSE_ERROR, message, { status: 400 });
}

/** Text of a response with an error. @param id JSON text; undefined where it is not known */
export function errorText(id: string | undefined, fault: Fault, modern: boolean): string {
  const shown = id === undefined ? '' : `"id":${id},`;
  let error: string;
  try {
    error = JSON.stringify(errorObject(fault, modern));
  } catch {
    // The data of a declared error is the application's; what JSON cannot express is left out.
    error = JSON.stringify(errorObject(new Fault(fault.code, fault.message), modern));
  }
  return `{"jsonrpc":"2.0",${shown}"error":${error}}`;
}
