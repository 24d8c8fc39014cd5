import type { Static, TSchema } from 'typebox';
import type { XStatic } from 'typebox/schema';

/** A schema of a library that speaks Standard Schema and Standard JSON Schema
 * (https://standardschema.dev): zod 4.2+, arktype 2.1.28+, valibot by `toStandardJsonSchema`. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined;
    validate(value: unknown): StandardResult | Promise<StandardResult>;
    readonly jsonSchema: {
      input(options: StandardJsonSchemaOptions): Record<string, unknown>;
      output(options: StandardJsonSchemaOptions): Record<string, unknown>;
    };
  };
}

export interface StandardJsonSchemaOptions {
  readonly target: 'draft-2020-12';
  readonly libraryOptions?: Record<string, unknown> | undefined;
}

export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * What an author may write as a schema: of a Standard Schema library, of typebox, or plain JSON
 * Schema (draft 2020-12).
 */
export type Schema = object | boolean;

/** Many values of one schema, one after the other. */
export interface StreamOf<S extends Schema = Schema> {
  readonly '~stream': S;
}

interface Typed<T> {
  readonly '~standard': { readonly types?: T | undefined };
}

/** The type of what travels to a schema: before defaults and transformations. */
export type SchemaInput<S> =
  S extends Typed<infer T>
    ? NonNullable<T> extends { readonly input: infer I }
      ? I
      : unknown
    : JsonSchemaType<S>;

/** The type of what comes out of a schema. */
export type SchemaOutput<S> =
  S extends Typed<infer T>
    ? NonNullable<T> extends { readonly output: infer O }
      ? O
      : unknown
    : JsonSchemaType<S>;

type JsonSchemaType<S> = S extends { readonly '~kind': string }
  ? Static<S & TSchema>
  : S extends true
    ? unknown
    : S extends object
      ? XStatic<S>
      : never;

export function isStream(value: unknown): value is StreamOf {
  return typeof value === 'object' && value !== null && '~stream' in value;
}

/** Whether the value comes from a library with `~standard`; JSON Schema support is not looked at. */
export function isStandard(value: unknown): value is StandardSchema {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    '~standard' in value
  );
}
