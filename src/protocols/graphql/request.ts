import { createHash } from 'node:crypto';
import { parseJson } from '../../formats/json.ts';
import { Fault } from '../../model/fault.ts';
import { faultError, RequestError } from './execute/errors.ts';
import type { LeastRecentlyUsed } from './lru.ts';

/** The parameters of a GraphQL request, whatever brought them. */
export interface GraphqlRequest {
  /** Undefined where a persisted query names it by its hash. */
  readonly query: string | undefined;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, unknown>>;
}

const NONE: Readonly<Record<string, unknown>> = Object.freeze({});

/** @throws Fault INVALID_ARGUMENT for a value that is no request, or a batch of them */
export function requestOf(value: unknown): GraphqlRequest {
  if (Array.isArray(value)) {
    throw invalid('Batches of requests are not taken: send them one by one, or in one operation.');
  }
  if (typeof value !== 'object' || value === null) {
    throw invalid('The request must be a JSON object with "query".');
  }
  const { query, operationName, variables, extensions } = value as Readonly<
    Record<string, unknown>
  >;
  const request = {
    query: text(query, 'query'),
    operationName: text(operationName, 'operationName'),
    variables: map(variables, 'variables'),
    extensions: map(extensions, 'extensions'),
  };
  if (request.query === undefined && request.extensions.persistedQuery === undefined) {
    throw invalid('"query" is missing: it must be the text of a document.');
  }
  return request;
}

/** From the query of an address (GraphQL over HTTP, GET).
 * @throws Fault INVALID_ARGUMENT */
export function requestOfQuery(query: string, maxDepth: number): GraphqlRequest {
  const parameters = new URLSearchParams(query);
  const json = (name: string): unknown => {
    const value = parameters.get(name);
    return value === null || value === '' ? undefined : parseJson(value, maxDepth);
  };
  return requestOf({
    query: parameters.get('query') ?? undefined,
    operationName: parameters.get('operationName') ?? undefined,
    variables: json('variables'),
    extensions: json('extensions'),
  });
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw invalid(`"${name}" must be text.`);
}

function map(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return NONE;
  if (typeof value === 'object' && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw invalid(`"${name}" must be a JSON object.`);
}

function invalid(message: string): Fault {
  return new Fault('INVALID_ARGUMENT', message);
}

/**
 * The document of a request: its own, or one that was sent before and is named by its SHA-256
 * (automatic persisted queries, as Apollo's clients speak them).
 * @param known undefined where persisted queries are switched off
 * @throws RequestError, Fault INVALID_ARGUMENT
 */
export function documentOf(
  request: GraphqlRequest,
  known: LeastRecentlyUsed<string> | undefined,
): string {
  const { persistedQuery } = request.extensions;
  if (persistedQuery === undefined || persistedQuery === null) return request.query!;
  if (known === undefined) throw persistedError('PersistedQueryNotSupported');
  const { version, sha256Hash } = persistedQuery as Readonly<Record<string, unknown>>;
  if (version !== 1 || typeof sha256Hash !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256Hash)) {
    throw invalid('"extensions.persistedQuery" must have version 1 and a sha256Hash in hex.');
  }
  const hash = sha256Hash.toLowerCase();
  if (request.query === undefined) {
    const found = known.get(hash);
    if (found === undefined) throw persistedError('PersistedQueryNotFound');
    return found;
  }
  if (createHash('sha256').update(request.query).digest('hex') !== hash) {
    throw invalid('"extensions.persistedQuery.sha256Hash" is not the hash of "query".');
  }
  return request.query;
}

/** Remembers a document that turned out to be valid. */
export function rememberDocument(
  request: GraphqlRequest,
  known: LeastRecentlyUsed<string> | undefined,
): void {
  const { persistedQuery } = request.extensions;
  if (known === undefined || request.query === undefined || !persistedQuery) return;
  const { sha256Hash } = persistedQuery as { readonly sha256Hash: string };
  known.set(sha256Hash.toLowerCase(), request.query, request.query.length * 2);
}

/** The clients know these by their texts and codes. */
function persistedError(message: string): RequestError {
  const code = message.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  const error = faultError(new Fault('NOT_FOUND', message));
  return new RequestError([{ ...error, extensions: { code } }]);
}
