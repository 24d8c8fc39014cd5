import { ConnectDialect } from './connect-dialect.ts';
import type { Dialect } from './dialect.ts';
import { GrpcDialect } from './grpc-dialect.ts';
import type { PayloadForm } from './method.ts';
import { WebDialect } from './web-dialect.ts';

/** What a content type says: length-prefixed messages in some dialect, or one message as it is. */
export type RequestKind =
  | {
      readonly envelopes: true;
      readonly family: 'grpc' | 'web' | 'connect';
      readonly dialect: Dialect;
    }
  | { readonly envelopes: false; readonly form: PayloadForm };

const KINDS = new Map<string, RequestKind>();

for (const [suffix, form] of [
  ['', 'proto'],
  ['+proto', 'proto'],
  ['+json', 'json'],
] as const) {
  const add = (family: 'grpc' | 'web', type: string, dialect: Dialect): void => {
    KINDS.set(type, { envelopes: true, family, dialect });
  };
  const grpc = `application/grpc${suffix}`;
  add('grpc', grpc, new GrpcDialect(grpc, form));
  for (const name of ['application/grpc-web', 'application/grpc-web-text']) {
    add('web', name + suffix, new WebDialect(name + suffix, form));
  }
}
for (const form of ['proto', 'json'] as const) {
  const type = `application/connect+${form}`;
  const dialect = new ConnectDialect(type, form);
  KINDS.set(type, { envelopes: true, family: 'connect', dialect });
  KINDS.set(`application/${form}`, { envelopes: false, form });
}

const CHARSET = /;\s*charset\s*=\s*"?utf-?8"?\s*$/;

/** undefined for a content type that none of the protocols has. */
export function requestKind(contentType: string | undefined): RequestKind | undefined {
  if (contentType === undefined) return undefined;
  return KINDS.get(contentType) ?? KINDS.get(contentType.toLowerCase().trim().replace(CHARSET, ''));
}

/** Of calls without messages. */
export const STREAM_TYPES: readonly string[] = [...KINDS]
  .filter(([, kind]) => kind.envelopes)
  .map(([type]) => type);
export const UNARY_TYPES: readonly string[] = [...KINDS]
  .filter(([, kind]) => !kind.envelopes || kind.family !== 'connect')
  .map(([type]) => type);
