import type { Reader } from './wire/reader.ts';

export interface RequestHeader {
  readonly key: number;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/**
 * The head of a request, up to its tagged fields:
 *
 *     header v1 => apiKey int16, apiVersion int16, correlationId int32, clientId nullable string
 *     header v2 => header v1, TAGGED_FIELDS              (flexible versions)
 *
 * The client id is no compact string in either.
 */
export function readRequestHeader(reader: Reader): RequestHeader {
  return {
    key: reader.int16(),
    version: reader.int16(),
    correlationId: reader.int32(),
    clientId: reader.string(false) ?? null,
  };
}
