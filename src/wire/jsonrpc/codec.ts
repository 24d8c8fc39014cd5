import { parseJson } from '../../formats/json.ts';
import type { Fault } from '../../model/fault.ts';
import { INVALID_REQUEST, PARSE_ERROR, RpcFault, rpcErrorOf } from './faults.ts';

/**
 * A number that a JavaScript number does not hold exactly, as its JSON text: an id goes back as
 * it came.
 */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type RpcId = string | number | null | ExactNumber;

/**
 * A request object (JSON-RPC 2.0 section 4) with the members that Polywire adds beside `params`.
 * Servers that do not know them ignore them.
 */
export interface RpcRequest {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: { readonly [name: string]: unknown } | readonly unknown[];
  /** Absent for a notification. */
  readonly id?: RpcId;
  /** Metadata of the call. */
  readonly meta?: { readonly [name: string]: string };
  /** How long the caller waits. */
  readonly timeoutMs?: number;
  /** W3C Trace Context. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** How many items of the answer's stream, or deliveries of a subscription, the caller takes now;
   * absent: as many as the connection carries. */
  readonly credit?: number;
}

/**
 * One JSON value from a message's text; ids in it are exact.
 * @throws RpcFault -32700 for what is no JSON or is nested deeper than `maxDepth`.
 */
export function parseRpc(text: Buffer | string, maxDepth?: number): unknown {
  let value: unknown;
  try {
    value = parseJson(text, maxDepth);
  } catch (error) {
    throw new RpcFault(PARSE_ERROR, (error as Fault).message);
  }
  if (hasInexactId(value)) restoreIds(value as Identified | Identified[], text.toString());
  return value;
}

interface Identified {
  id: RpcId;
}

function hasInexactId(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value))
    return value.some((entry) => !Array.isArray(entry) && hasInexactId(entry));
  const id = (value as { id?: unknown }).id;
  return typeof id === 'number' && !Number.isSafeInteger(id);
}

/** Reads the text again for the digits of ids, which is rare enough to be slow. */
function restoreIds(value: Identified | Identified[], text: string): void {
  const exact = JSON.parse(text, (key: string, entry: unknown, ...rest: unknown[]) => {
    const source = (rest[0] as { source?: string } | undefined)?.source;
    return key === 'id' && typeof entry === 'number' && source !== undefined
      ? new ExactNumber(source)
      : entry;
  }) as Identified | Identified[];
  if (!Array.isArray(value)) {
    value.id = (exact as Identified).id;
    return;
  }
  for (const [index, entry] of value.entries()) {
    if (hasInexactId(entry)) entry.id = (exact as Identified[])[index]!.id;
  }
}

/** Why a value is no request object; undefined for one that is. */
export function requestFault(value: unknown): RpcFault | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalid(`A request is a JSON object; got ${kindOf(value)}.`);
  }
  const request = value as { readonly [name: string]: unknown };
  if (request.jsonrpc !== '2.0') {
    return invalid(`"jsonrpc" must be "2.0"; got ${shown(request.jsonrpc)}.`);
  }
  if (typeof request.method !== 'string') {
    return invalid(`"method" must be a string; got ${kindOf(request.method)}.`);
  }
  const { params, id } = request;
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return invalid(`"params" must be an object or an array; got ${kindOf(params)}.`);
  }
  if (id !== undefined && !isId(id)) {
    return invalid(`"id" must be a string, a number or null; got ${kindOf(id)}.`);
  }
  return extensionFault(request);
}

function extensionFault(request: { readonly [name: string]: unknown }): RpcFault | undefined {
  const { meta, timeoutMs, credit } = request;
  if (meta !== undefined && !isTextMap(meta)) {
    return invalid('"meta" must be an object whose members are strings.');
  }
  if (timeoutMs !== undefined && !isCount(timeoutMs)) {
    return invalid(`"timeoutMs" must be a whole number from 1; got ${shown(timeoutMs)}.`);
  }
  if (credit !== undefined && credit !== 0 && !isCount(credit)) {
    return invalid(`"credit" must be a whole number from 0; got ${shown(credit)}.`);
  }
  return undefined;
}

function invalid(message: string): RpcFault {
  return new RpcFault(INVALID_REQUEST, message);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isTextMap(value: unknown): value is { readonly [name: string]: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const text of Object.values(value)) if (typeof text !== 'string') return false;
  return true;
}

function isId(value: unknown): value is RpcId {
  return (
    typeof value === 'number' ||
    typeof value === 'string' ||
    value === null ||
    value instanceof ExactNumber
  );
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing').slice(0, 40);
}

/** A message that is an answer, not a request: two servers must not answer each other's errors. */
export function isResponse(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !('method' in value) &&
    ('result' in value || 'error' in value)
  );
}

/** The JSON text of an id for the answer. Pass the id of any value: what is no id becomes null, as
 * section 5 asks for when the id cannot be told; undefined for a notification. */
export function idText(id: unknown): string {
  if (typeof id === 'number') return String(id);
  if (typeof id === 'string') return JSON.stringify(id);
  return id instanceof ExactNumber ? id.text : 'null';
}

/** The id of whatever came, as text; 'null' where there is none. */
export function idTextOf(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? idText((value as { id?: unknown }).id)
    : 'null';
}

/**
 * Text of a response with a result.
 * @param meta metadata that goes back with the answer
 * @throws TypeError for a result that JSON cannot express.
 */
export function resultText(
  id: string,
  result: unknown,
  meta?: ReadonlyMap<string, string> | undefined,
): string {
  const value = result === undefined ? 'null' : JSON.stringify(result);
  const text = `{"jsonrpc":"2.0","id":${id},"result":${value ?? 'null'}`;
  if (meta === undefined) return `${text}}`;
  return `${text},"meta":${JSON.stringify(Object.fromEntries(meta))}}`;
}

/** Text of a response with an error. */
export function errorText(
  id: string,
  fault: Fault,
  meta?: ReadonlyMap<string, string> | undefined,
): string {
  let error: string;
  try {
    error = JSON.stringify(rpcErrorOf(fault));
  } catch {
    // The data of a declared error is the application's; what JSON cannot express is left out.
    const { message, code } = fault;
    error = JSON.stringify({ ...rpcErrorOf(fault), message, data: { code } });
  }
  const text = `{"jsonrpc":"2.0","id":${id},"error":${error}`;
  if (meta === undefined) return `${text}}`;
  return `${text},"meta":${JSON.stringify(Object.fromEntries(meta))}}`;
}

/** Text of a notification; `params` is JSON text. */
export function notificationText(method: string, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;
}
