import type { JsonSchemaObject } from '../../../model/schema.ts';
import type { ScalarType } from './types.ts';

function scalar(
  name: string,
  json: ScalarType['json'],
  doc?: string,
  specifiedBy?: string,
): ScalarType {
  return { kind: 'scalar', name, json, doc, specifiedBy, builtIn: doc === undefined };
}

const RFC3339 = 'https://www.rfc-editor.org/rfc/rfc3339';

/** The scalars beside enumerations; those without a text are GraphQL's own. */
export const SCALARS = {
  String: scalar('String', 'string'),
  Boolean: scalar('Boolean', 'boolean'),
  Int: scalar('Int', 'int32'),
  Float: scalar('Float', 'number'),
  ID: scalar('ID', 'string'),
  Long: scalar(
    'Long',
    'integer',
    'A whole number, written as a number; exact from -(2^53 - 1) to 2^53 - 1.',
  ),
  BigInt: scalar('BigInt', 'string', 'A whole number of any size, written as text.'),
  Decimal: scalar('Decimal', 'string', 'A decimal number of any precision, written as text.'),
  DateTime: scalar('DateTime', 'string', 'A time with its offset, as RFC 3339 writes it.', RFC3339),
  Date: scalar('Date', 'string', 'A day, YYYY-MM-DD.', RFC3339),
  Time: scalar('Time', 'string', 'A time of day, as RFC 3339 writes it.', RFC3339),
  Duration: scalar('Duration', 'string', 'A duration, as ISO 8601 writes it: PT1H30M.', RFC3339),
  UUID: scalar('UUID', 'string', 'A UUID.', 'https://www.rfc-editor.org/rfc/rfc9562'),
  URI: scalar('URI', 'string', 'An address.', 'https://www.rfc-editor.org/rfc/rfc3986'),
  Base64: scalar(
    'Base64',
    'string',
    'Bytes, written in base64.',
    'https://www.rfc-editor.org/rfc/rfc4648',
  ),
  JSON: scalar(
    'JSON',
    'any',
    'Any JSON value: an object with free names, a list, text, a number, true or false.',
    'https://www.rfc-editor.org/rfc/rfc8259',
  ),
  Void: scalar('Void', 'null', 'Nothing: always null.'),
} as const;

const TEXT_FORMATS: { readonly [format: string]: ScalarType } = {
  'date-time': SCALARS.DateTime,
  date: SCALARS.Date,
  time: SCALARS.Time,
  duration: SCALARS.Duration,
  uuid: SCALARS.UUID,
  uri: SCALARS.URI,
  int64: SCALARS.BigInt,
  uint64: SCALARS.BigInt,
  bigint: SCALARS.BigInt,
  decimal: SCALARS.Decimal,
  byte: SCALARS.Base64,
};

export function textScalar(schema: JsonSchemaObject): ScalarType {
  const encoding = typeof schema.contentEncoding === 'string' ? schema.contentEncoding : '';
  if (encoding.toLowerCase() === 'base64') return SCALARS.Base64;
  const { format } = schema;
  return typeof format === 'string' && Object.hasOwn(TEXT_FORMATS, format)
    ? TEXT_FORMATS[format]!
    : SCALARS.String;
}

const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;

/** GraphQL's Int has 32 bits: it is used where the contract keeps the value within them. */
export function integerScalar(schema: JsonSchemaObject): ScalarType {
  if (schema.format === 'int32') return SCALARS.Int;
  const low = bound(schema.minimum, schema.exclusiveMinimum, 1);
  const high = bound(schema.maximum, schema.exclusiveMaximum, -1);
  const fits = low !== undefined && high !== undefined && low >= INT32_MIN && high <= INT32_MAX;
  return fits ? SCALARS.Int : SCALARS.Long;
}

function bound(inclusive: unknown, exclusive: unknown, step: number): number | undefined {
  if (typeof inclusive === 'number') return inclusive;
  return typeof exclusive === 'number' ? exclusive + step : undefined;
}
