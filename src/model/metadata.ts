/**
 * Names and text values that travel with a call or its answer: HTTP headers, gRPC metadata, SOAP
 * header blocks, AMQP headers. Names are lower case.
 */
export interface Metadata {
  /** @param name in lower case. Repeated values are joined with ', ' (RFC 9110 section 5.2). */
  get(name: string): string | undefined;
  entries(): Iterable<readonly [name: string, value: string]>;
}

const nothing: readonly (readonly [string, string])[] = [];

export const NO_METADATA: Metadata = {
  get: () => undefined,
  entries: () => nothing,
};

/** Metadata from a plain object or pairs; later pairs of one name are joined to earlier ones. */
export function metadataOf(
  source: Readonly<Record<string, string>> | Iterable<readonly [string, string]>,
): Metadata {
  const map = new Map<string, string>();
  const pairs = Symbol.iterator in source ? source : Object.entries(source);
  for (const [name, value] of pairs as Iterable<readonly [string, string]>) {
    const key = name.toLowerCase();
    const earlier = map.get(key);
    map.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return map;
}
