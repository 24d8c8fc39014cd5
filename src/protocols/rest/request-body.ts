import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { decompress, requestCoding } from '../../wire/compression.ts';
import { HeaderMemory, jsonBodyOf, parseMediaType } from '../../wire/content-negotiation.ts';
import { HttpFault } from '../../wire/problem.ts';

const jsonBodies = new HeaderMemory(jsonBodyOf);

function unsupported(received: string | undefined, expected: string): HttpFault {
  const came =
    received === undefined
      ? 'The body has no Content-Type'
      : `The body's Content-Type is ${JSON.stringify(received.slice(0, 100))}`;
  return new HttpFault(415, 'INVALID_ARGUMENT', `${came}; send ${expected}.`, ['accept', expected]);
}

/** Input that would be ignored is refused.
 * @throws Fault INVALID_ARGUMENT for a request with a body. */
export function requireNoBody(exchange: Exchange): void {
  if (exchange.contentLength === 0) return;
  throw new Fault(
    'INVALID_ARGUMENT',
    `${exchange.method} takes no body here; send the input in the query, or POST it.`,
  );
}

/** @throws HttpFault 415 for a body that is not declared as JSON in UTF-8. A body without a type
 *   is refused too: a browser would send it for any page, without asking first. */
export function requireJson(contentType: string | undefined): void {
  if (contentType === 'application/json') return;
  const kind = contentType === undefined ? 'not json' : jsonBodies.get(contentType);
  if (kind === 'json') return;
  if (kind === 'not utf-8') {
    throw new HttpFault(415, 'INVALID_ARGUMENT', 'JSON is always UTF-8; the charset says other.');
  }
  throw unsupported(contentType, 'application/json');
}

/**
 * The whole JSON body, unpacked; undefined where the request has none. At once where it is there.
 * @throws HttpFault 415 and 413, Fault INVALID_ARGUMENT for broken compression.
 */
export function jsonBody(exchange: Exchange, maxBytes: number): MaybePromise<Buffer | undefined> {
  if (exchange.contentLength === 0) return undefined;
  const { headers } = exchange;
  const contentType = headers.get('content-type');
  if (exchange.contentLength !== undefined) requireJson(contentType);
  const coding = requestCoding(headers.get('content-encoding'));
  const bytes = exchange.bytes(maxBytes);
  if (!isPromise(bytes) && coding === undefined) return checked(bytes, contentType);
  return unpacked(bytes, coding, contentType, maxBytes);
}

async function unpacked(
  arriving: MaybePromise<Buffer>,
  coding: string | undefined,
  contentType: string | undefined,
  maxBytes: number,
): Promise<Buffer | undefined> {
  // A view that is valid only now has to be kept while zlib works on it.
  const bytes = isPromise(arriving) ? await arriving : Buffer.from(arriving);
  const present = checked(bytes, contentType);
  if (present === undefined || coding === undefined) return present;
  return decompress(present, coding, maxBytes);
}

function checked(bytes: Buffer, contentType: string | undefined): Buffer | undefined {
  if (bytes.length === 0) return undefined;
  requireJson(contentType);
  return bytes;
}

export type StreamForm = 'lines' | 'sequence' | 'array';

const STREAM_FORMS: Readonly<Record<string, StreamForm>> = {
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  'application/json-seq': 'sequence',
  'application/json': 'array',
};

/** How a stream of values is written in a request body, by its Content-Type.
 * @throws HttpFault 415 for a type that is none of them. */
export function streamFormOf(contentType: string | undefined): StreamForm {
  const media = contentType === undefined ? undefined : parseMediaType(contentType);
  const form = media === undefined ? undefined : STREAM_FORMS[media.type];
  if (form === undefined) {
    throw unsupported(contentType, 'application/x-ndjson, application/json-seq, application/json');
  }
  return form;
}
