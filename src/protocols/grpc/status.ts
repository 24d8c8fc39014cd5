import { FAULT_CODES, type Fault } from '../../model/fault.ts';
import { field, message } from '../../wire/protobuf/by-hand.ts';
import { codecOf } from '../../wire/protobuf/codec.ts';
import { upperCase } from '../../wire/protobuf/names.ts';
import { type MessageType, type ProtoFile, scalar } from '../../wire/protobuf/types.ts';
import type { AnyValue } from '../../wire/protobuf/well-known.ts';

/** Faults as google.rpc.Status with details (https://github.com/googleapis/googleapis/tree/master/google/rpc). */

const text = scalar('string');
const TYPE_PREFIX = 'type.googleapis.com/';

const Status = message('google.rpc.Status', [
  field(1, 'code', scalar('int32')),
  field(2, 'message', text),
  field(3, 'details', { kind: 'wellKnown', name: 'Any' }, { repeated: true }),
]);
const ErrorInfo = message('google.rpc.ErrorInfo', [
  field(1, 'reason', text),
  field(2, 'domain', text),
  field(3, 'metadata', text, { map: true }),
]);
const FieldViolation = message('google.rpc.BadRequest.FieldViolation', [
  field(1, 'field', text),
  field(2, 'description', text),
]);
const BadRequest = message('google.rpc.BadRequest', [
  field(1, 'field_violations', FieldViolation, { repeated: true }),
]);
const RetryInfo = message('google.rpc.RetryInfo', [
  field(1, 'retry_delay', { kind: 'wellKnown', name: 'Duration' }),
]);
const Document = message('google.protobuf.Struct', [
  field(1, 'fields', { kind: 'wellKnown', name: 'Value' }, { map: true }),
]);

/** What the details of an operation's faults are made of. */
export interface DetailTypes {
  /** Name of the contract, for ErrorInfo. */
  readonly domain: string;
  /** Data of declared errors, by the error's name. */
  readonly errors: ReadonlyMap<string, MessageType>;
}

/**
 * Details of a fault, the most important first, as many as fit. Empty for a fault that is only a
 * code and a message.
 */
export function detailsOf(fault: Fault, types: DetailTypes, maxBytes: number): AnyValue[] {
  const { error, data, violations, retryAfterMs } = fault;
  if (error === undefined && violations === undefined && retryAfterMs === undefined) return [];
  const details: AnyValue[] = [];
  let room = maxBytes;
  const add = (type: MessageType, value: unknown): void => {
    const bytes = codecOf(type).encode(value);
    // The type's name, tags and lengths need some bytes too.
    room -= bytes.length + type.fullName.length + 32;
    if (room >= 0) details.push({ typeUrl: TYPE_PREFIX + type.fullName, value: bytes });
  };
  if (error !== undefined) {
    const type = types.errors.get(error);
    if (type !== undefined && data !== undefined) add(type, data);
    add(ErrorInfo, { reason: upperCase(error), domain: types.domain, metadata: { error } });
  }
  if (violations !== undefined) {
    const fieldViolations = violations.map(({ path, expected, received }) => ({
      field: fieldPath(path),
      description: `expected ${expected}, got ${received}`,
    }));
    add(BadRequest, { fieldViolations });
  }
  if (retryAfterMs !== undefined) {
    const seconds = (Math.max(0, retryAfterMs) / 1000).toFixed(3);
    add(RetryInfo, { retryDelay: `PT${seconds}S` });
  }
  add(Document, { fields: JSON.parse(JSON.stringify(fault)) as object });
  return details;
}

/** `/lines/0/price` as google.rpc writes it: `lines[0].price`. */
function fieldPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, step) => {
      if (/^[0-9]+$/.test(step)) return `${path}[${step}]`;
      return path === '' ? step : `${path}.${step}`;
    }, '');
}

/** The bytes of google.rpc.Status. */
export function statusBytes(fault: Fault, details: readonly AnyValue[]): Buffer {
  const { number } = FAULT_CODES[fault.code];
  return codecOf(Status).encode({ code: number, message: fault.message, details });
}

/** Base64 without padding, as both protocols write binary values. */
export function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

BadRequest.messages.push(FieldViolation);

/** The types above, for clients without googleapis at hand. */
export const STATUS_FILE: ProtoFile = {
  name: 'google/rpc/status_and_details.proto',
  package: 'google.rpc',
  messages: [Status, ErrorInfo, BadRequest, RetryInfo],
  enums: [],
  services: [],
};
