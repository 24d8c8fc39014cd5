import { defaultJsonName } from './names.ts';
import type { EnumType, Field, MessageType, ValueType } from './types.ts';

/** Types of services that are no part of a contract, written down by hand. */

export interface FieldOptions {
  readonly repeated?: boolean;
  /** A map with keys that are strings. */
  readonly map?: boolean;
  /** The message tells an absent value from the default, and then the member is left out. */
  readonly optional?: boolean;
  readonly doc?: string;
}

export function field(
  number: number,
  name: string,
  type: ValueType | MessageType | EnumType,
  options: FieldOptions = {},
): Field {
  const of: ValueType =
    'kind' in type ? type : 'fields' in type ? { kind: 'message', type } : { kind: 'enum', type };
  const many = options.repeated === true || options.map === true;
  const presence =
    !many && (options.optional === true || of.kind === 'message' || of.kind === 'wellKnown');
  return {
    name,
    json: defaultJsonName(name),
    number,
    cardinality: options.map === true ? 'map' : options.repeated === true ? 'repeated' : 'one',
    type: of,
    presence,
    absent: presence || of.kind === 'enum' ? 'omit' : 'default',
    doc: options.doc,
  };
}

export function message(fullName: string, fields: Field[], doc?: string): MessageType {
  return {
    path: fullName.slice(fullName.lastIndexOf('.') + 1),
    fullName,
    form: 'object',
    oneof: undefined,
    fields,
    messages: [],
    enums: [],
    reserved: [],
    doc,
  };
}

/** @param values by name; the value in JavaScript is the name too */
export function enumeration(fullName: string, values: Readonly<Record<string, number>>): EnumType {
  return {
    path: fullName.slice(fullName.lastIndexOf('.') + 1),
    fullName,
    values: Object.entries(values).map(([name, number]) => ({
      name,
      // Zero is what an absent value reads as.
      json: name,
      number,
    })),
    reserved: [],
  };
}
