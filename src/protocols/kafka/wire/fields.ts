/**
 * The notation in which messages are written down, with the names and versions of Kafka's own
 * message definitions:
 *
 *     message(9, {
 *       throttleTimeMs: int32.from(3),               only from version 3 on
 *       groupId: string.until(2),                    only up to version 2
 *       rack: string.from(1).nullable(),             null allowed wherever the field is there
 *       name: string.nullable(10),                   null allowed from version 10 on
 *       leaderEpoch: int32.from(7).or(-1),           the value where a version does not have it
 *       topics: array({ name: string }),             structures
 *       indexes: array(int32),
 *       nodes: array({ ... }).from(16).tag(0),       a tagged field
 *     })
 *
 * The first argument is the first version with compact types and tagged fields ("flexible").
 */
export type Kind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bigint64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'
  | 'array'
  | 'struct';

export type Fields = { readonly [name: string]: Field<unknown> };

interface FieldFacts {
  readonly kind: Kind;
  /** Of an array. */
  readonly element?: Field<unknown>;
  /** Of a structure. */
  readonly fields?: Fields;
  readonly first: number;
  readonly last: number;
  readonly nullableFrom: number;
  readonly fallback: unknown;
  readonly tagNumber: number | undefined;
}

export class Field<T> {
  /** Only a type. */
  readonly sample?: T;
  readonly facts: FieldFacts;

  constructor(facts: FieldFacts) {
    this.facts = facts;
  }

  #with(changed: Partial<FieldFacts>): FieldFacts {
    return { ...this.facts, ...changed };
  }

  from(version: number): Field<T> {
    return new Field(this.#with({ first: version }));
  }

  until(version: number): Field<T> {
    return new Field(this.#with({ last: version }));
  }

  nullable(version = 0): Field<T | null> {
    return new Field(this.#with({ nullableFrom: version }));
  }

  or(fallback: T): Field<T> {
    return new Field(this.#with({ fallback }));
  }

  tag(tagNumber: number): Field<T> {
    return new Field(this.#with({ tagNumber }));
  }
}

const ALWAYS = {
  first: 0,
  last: Number.POSITIVE_INFINITY,
  nullableFrom: Number.POSITIVE_INFINITY,
  tagNumber: undefined,
};

function primitive<T>(kind: Kind, fallback: T): Field<T> {
  return new Field<T>({ ...ALWAYS, kind, fallback });
}

export const bool = primitive('bool', false);
export const int8 = primitive('int8', 0);
export const int16 = primitive('int16', 0);
export const uint16 = primitive('uint16', 0);
export const int32 = primitive('int32', 0);
export const uint32 = primitive('uint32', 0);
/** A number, exact up to 2^53: offsets and times. */
export const int64 = primitive('int64', 0);
/** Producer ids. */
export const bigint64 = primitive('bigint64', 0n);
export const float64 = primitive('float64', 0);
/** As text, with hyphens. */
export const uuid = primitive('uuid', '00000000-0000-0000-0000-000000000000');
export const string = primitive('string', '');
/** A view into the request. */
export const bytes = primitive<Buffer>('bytes', Buffer.alloc(0));

/** Stored batches, written without a copy: the same as `bytes` on the wire. */
export const records = primitive<readonly Buffer[]>('records', []);

export function array<T>(element: Field<T>): Field<readonly T[]>;
export function array<F extends Fields>(element: F): Field<readonly ValuesOf<F>[]>;
export function array(element: Field<unknown> | Fields): Field<unknown> {
  return new Field({
    ...ALWAYS,
    kind: 'array',
    element: element instanceof Field ? element : struct(element),
    fallback: [],
  });
}

/** One structure inside another; its fallback has the fallbacks of its fields. */
export function struct<F extends Fields>(fields: F): Field<ValuesOf<F>> {
  const fallback: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) fallback[name] = field.facts.fallback;
  return new Field({ ...ALWAYS, kind: 'struct', fields, fallback: fallback as ValuesOf<F> });
}

/** What is read: every field, with its fallback where the version does not have it. */
export type ValuesOf<F extends Fields> = {
  readonly [N in keyof F]: F[N] extends Field<infer T> ? T : never;
};

/** What is written: whatever is left out has its fallback. */
export type Draft<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Draft<E>[]
    : T extends object
      ? { readonly [N in keyof T]?: Draft<T[N]> | undefined }
      : T;
