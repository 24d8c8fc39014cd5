import type { Type as TypeBox } from 'typebox';

/**
 * Writes option schemas: the part of typebox's `Type` that options need, with its types, in a few
 * lines of plain JSON Schema. Options are declared on the way of every start, and loading typebox
 * for them takes longer, and more memory, than everything else there.
 */
type Used =
  | 'Object'
  | 'Array'
  | 'Record'
  | 'String'
  | 'Integer'
  | 'Number'
  | 'Boolean'
  | 'Enum'
  | 'Literal'
  | 'Union'
  | 'Optional';

type Schema = Record<string, unknown>;

const OPTIONAL = '~optional';

const builders = {
  Object: (properties: Record<string, Schema>, options?: Schema): Schema => ({
    type: 'object',
    required: Object.keys(properties).filter((name) => !(OPTIONAL in properties[name]!)),
    properties,
    ...options,
  }),
  Array: (items: Schema, options?: Schema): Schema => ({ type: 'array', items, ...options }),
  /** Keys are always texts. */
  Record: (_key: Schema, value: Schema, options?: Schema): Schema => ({
    type: 'object',
    patternProperties: { '^.*$': value },
    ...options,
  }),
  String: (options?: Schema): Schema => ({ type: 'string', ...options }),
  Integer: (options?: Schema): Schema => ({ type: 'integer', ...options }),
  Number: (options?: Schema): Schema => ({ type: 'number', ...options }),
  Boolean: (options?: Schema): Schema => ({ type: 'boolean', ...options }),
  Enum: (values: readonly unknown[], options?: Schema): Schema => ({
    enum: [...values],
    ...options,
  }),
  Literal: (value: unknown, options?: Schema): Schema => ({
    type: typeof value,
    const: value,
    ...options,
  }),
  Union: (anyOf: readonly Schema[], options?: Schema): Schema => ({
    anyOf: [...anyOf],
    ...options,
  }),
  /** Marked aside, so that the schema stays plain JSON. */
  Optional: (schema: Schema): Schema =>
    Object.defineProperty({ ...schema }, OPTIONAL, { value: true, enumerable: false }),
};

export const Type = builders as unknown as Pick<typeof TypeBox, Used>;
