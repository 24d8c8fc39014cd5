import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { type Metadata, metadataOf } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import { type TraceContext, traceContext } from '../../model/trace.ts';
import { isCount } from '../../wire/jsonrpc/codec.ts';
import { badParams } from './faults.ts';
import { META } from './names.ts';

/** Who sent a request, by which revision, and how to tell them of it while it runs. */
export interface Requester {
  /** Revision 2026-07-28: no session, every request says which revision it speaks. */
  readonly modern: boolean;
  readonly principal: Principal;
  readonly metadata: Metadata;
  /** Milliseconds since the epoch; undefined where the transport says none. */
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext | undefined;
  /** Sends the text of a notification that belongs to the request. Answers false when the client
   * reads too slowly: wait for `drained`. */
  notify(text: string): boolean;
  drained(): Promise<void>;
  /** A call runs that ends when the request is cancelled. */
  began(call: Call): void;
  settled(call: Call): void;
}

/** A request's parameters, with `_meta` understood. */
export interface Parameters {
  readonly members: Readonly<Record<string, unknown>>;
  /** JSON text of the token; undefined where no progress is wanted. */
  readonly progressToken: string | undefined;
  readonly meta: Readonly<Record<string, unknown>>;
}

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({});

/** @throws ProtocolFault -32602 */
export function parametersOf(params: unknown): Parameters {
  if (params === undefined) return { members: NOTHING, progressToken: undefined, meta: NOTHING };
  if (!isObject(params)) throw badParams('"params" must be an object.');
  const { _meta: meta = NOTHING } = params;
  if (!isObject(meta)) throw badParams('"params._meta" must be an object.');
  return { members: params, progressToken: tokenOf(meta.progressToken), meta };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tokenOf(token: unknown): string | undefined {
  if (token === undefined) return undefined;
  if (typeof token === 'string' || Number.isSafeInteger(token)) return JSON.stringify(token);
  throw badParams('"_meta.progressToken" must be a string or a whole number.');
}

/** @throws ProtocolFault -32602 for a parameter that is missing or no text */
export function textParameter({ members }: Parameters, name: string): string {
  const value = members[name];
  if (typeof value === 'string') return value;
  throw badParams(`"params.${name}" must be a string.`);
}

const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** The call that a request asks for. What `_meta` says of deadline, metadata and trace stands over
 * what the transport says. @throws ProtocolFault -32602 */
export function callOf(input: unknown, { meta }: Parameters, requester: Requester): Call {
  return new Call({
    input,
    principal: requester.principal,
    metadata: metadataFrom(meta[META.metadata], requester.metadata),
    deadlineMs: deadlineFrom(meta[META.timeoutMs], requester.deadlineMs),
    trace: traceFrom(meta, requester.trace),
  });
}

function deadlineFrom(timeoutMs: unknown, otherwise: number | undefined): number | undefined {
  if (timeoutMs === undefined) return otherwise;
  if (!isCount(timeoutMs)) {
    throw badParams(`"_meta["${META.timeoutMs}"]" must be milliseconds, a whole number from 1.`);
  }
  return Date.now() + Math.min(timeoutMs, MAX_TIMEOUT_MS);
}

function metadataFrom(own: unknown, base: Metadata): Metadata {
  if (own === undefined) return base;
  if (!isObject(own) || Object.values(own).some((value) => typeof value !== 'string')) {
    throw badParams(`"_meta["${META.metadata}"]" must be an object whose members are strings.`);
  }
  const first = metadataOf(own as Readonly<Record<string, string>>);
  const pairs = [...first.entries()];
  for (const pair of base.entries()) if (first.get(pair[0]) === undefined) pairs.push(pair);
  return metadataOf(pairs);
}

function traceFrom(
  { traceparent, tracestate }: Readonly<Record<string, unknown>>,
  otherwise: TraceContext | undefined,
): TraceContext | undefined {
  if (typeof traceparent !== 'string') return otherwise;
  return traceContext(traceparent, typeof tracestate === 'string' ? tracestate : undefined);
}

/** INVALID_ARGUMENT with one violation. */
export function violation(path: string, expected: string, received: unknown): Fault {
  const shown = (JSON.stringify(received) ?? 'nothing').slice(0, 80);
  return new Fault('INVALID_ARGUMENT', `${path}: expected ${expected}, received ${shown}.`, {
    violations: [{ path, expected, received: shown }],
  });
}
