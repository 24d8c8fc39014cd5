import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import { isSchema, isSchemaObject, mapSubschemas, referenceTo } from '../schema-tree.ts';
import { isStandard, type StandardSchema } from './standard-schema.ts';

/** Which form of a schema: what goes in (before defaults and transformations) or what comes out. */
export type Side = 'input' | 'output';

export interface Converted {
  readonly schema: JsonSchema;
  /** Named types that the schema refers to; all references read `#/$defs/Name`. */
  readonly definitions: ReadonlyMap<string, JsonSchema>;
}

/**
 * An author's schema as JSON Schema 2020-12 with references to named types only.
 * @param anonymous name for a type that refers to itself and that the author gave no name
 * @throws Error in words when the schema has no JSON Schema
 */
export function convertSchema(authored: unknown, side: Side, anonymous: string): Converted {
  const raw = isStandard(authored) ? fromLibrary(authored, side) : fromPlain(authored);
  if (typeof raw === 'boolean') return { schema: raw, definitions: new Map() };
  const inventsNames = isStandard(authored) && authored['~standard'].vendor === 'arktype';
  // zod counts `__schema0`, valibot `0`: such names would change with the code around them.
  return hoist(raw, (name) => inventsNames || /^(__|\d)/.test(name), anonymous);
}

function fromPlain(authored: unknown): JsonSchema {
  if (!isSchema(authored)) {
    throw new Error(
      `a schema is expected (zod, arktype, valibot, typebox or JSON Schema), not ${
        authored === null ? 'null' : typeof authored
      }`,
    );
  }
  // Through JSON: hidden members of typebox and shared parts are left behind; the author's own
  // object stays untouched.
  const text = JSON.stringify(authored, (_name, value: unknown) => {
    if (value instanceof RegExp) return value.source;
    if (typeof value === 'bigint') return Number(value);
    return value;
  });
  return JSON.parse(text) as JsonSchema;
}

function fromLibrary(authored: StandardSchema, side: Side): JsonSchemaObject {
  const standard = authored['~standard'];
  if (standard.jsonSchema === undefined) {
    throw new Error(
      standard.vendor === 'valibot'
        ? 'a valibot schema needs toStandardJsonSchema(...) of @valibot/to-json-schema around it'
        : `this schema of ${standard.vendor} has no "~standard".jsonSchema; use zod 4.2, arktype 2.1.28 or newer, or plain JSON Schema`,
    );
  }
  try {
    if (standard.vendor === 'arktype') return fromArktype(authored, side);
    const options = standard.vendor === 'zod' ? { override: openZodObject } : undefined;
    const schema = standard.jsonSchema[side]({
      target: 'draft-2020-12',
      libraryOptions: options,
    });
    return JSON.parse(JSON.stringify(schema)) as JsonSchemaObject;
  } catch (error) {
    const at = standard.vendor === 'zod' ? placeInZod(authored, side) : '';
    throw new Error(explain((error as Error).message, at), { cause: error });
  }
}

interface ZodOverride {
  readonly zodSchema: { readonly _zod: { readonly def: { type: string; catchall?: unknown } } };
  readonly jsonSchema: Record<string, unknown>;
  readonly path: readonly PropertyKey[];
}

/**
 * zod calls every output object closed because its parser strips unknown members. A contract's
 * object is closed only where its author says so (`z.strictObject`), in both directions.
 */
function openZodObject({ zodSchema, jsonSchema }: ZodOverride): void {
  const { def } = zodSchema._zod;
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
}

const ZOD_UNREPRESENTABLE = new Set(
  'date bigint symbol undefined void map set nan custom function transform'.split(' '),
);

/** Finds the first place that zod cannot express, as ' at a/b'; '' when it cannot be found. */
function placeInZod(authored: StandardSchema, side: Side): string {
  let place = '';
  const override = ({ zodSchema, jsonSchema, path }: ZodOverride): void => {
    if (place !== '' || !ZOD_UNREPRESENTABLE.has(zodSchema._zod.def.type)) return;
    if (Object.keys(jsonSchema).length > 0) return;
    const names = path.filter((step) => step !== 'properties').map(String);
    if (names.length > 0) place = ` at ${names.join('/')}`;
  };
  try {
    authored['~standard'].jsonSchema[side]({
      target: 'draft-2020-12',
      libraryOptions: { unrepresentable: 'any', override },
    });
  } catch {
    // Only the place is missing then; the caller reports the first error.
  }
  return place;
}

interface ArktypeSchema {
  readonly in: { toJsonSchema(options: object): JsonSchemaObject };
  readonly out: { toJsonSchema(options: object): JsonSchemaObject };
}

/**
 * arktype's Standard JSON Schema says `{}` for what it cannot express, such as a Date. Asked
 * directly it throws. Its refinements keep their base: the library itself checks them on inputs.
 */
function fromArktype(authored: StandardSchema, side: Side): JsonSchemaObject {
  const type = authored as unknown as ArktypeSchema;
  const keepBase = ({ base }: { base: JsonSchemaObject }) => base;
  const refuse = ({ code }: { code: string }): never => {
    throw new Error(`${code} cannot be represented in JSON Schema`);
  };
  return type[side === 'input' ? 'in' : 'out'].toJsonSchema({
    dialect: null,
    fallback: {
      predicate: keepBase,
      patternIntersection: keepBase,
      defaultValue: () => undefined,
      ...Object.fromEntries(
        [
          'arrayObject',
          'arrayPostfix',
          'domain',
          'morph',
          'proto',
          'symbolKey',
          'unit',
          'date',
        ].map((code) => [code, refuse]),
      ),
    },
  });
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/date/i, 'use a string of format date-time (z.iso.datetime(), v.isoTimestamp())'],
  [/bigint/i, 'use an integer, or a string of digits'],
  [
    /transform|morph/i,
    'declare what comes out of it: z.codec(...), or .pipe(schema) behind the transformation',
  ],
  [/map|set\b/i, 'use z.record(...) or an array'],
  [/undefined|void/i, 'leave it out, use .optional(), or null'],
];

function explain(message: string, at: string): string {
  const hint = HINTS.find(([pattern]) => pattern.test(message))?.[1];
  const text = message.replace(/\s+/g, ' ').replace(/\.$/, '');
  return `${text}${at}${hint === undefined ? '' : `: ${hint}`}`;
}

/** Takes the named types out of a schema, and writes every reference as `#/$defs/Name`. */
function hoist(
  raw: JsonSchemaObject,
  isInvented: (name: string) => boolean,
  anonymous: string,
): Converted {
  const { $defs, definitions: older, ...own } = raw;
  const local = {
    ...(isSchemaObject(older) ? older : {}),
    ...(isSchemaObject($defs) ? $defs : {}),
  };
  const names = new Map<string, string>();
  const invented = Object.keys(local).filter(isInvented);
  for (const name of Object.keys(local)) {
    const index = invented.indexOf(name);
    const number = index === 0 ? '' : String(index + 1);
    names.set(name, index === -1 ? name : `${anonymous}${number}`);
  }
  let rootIsNamed = false;
  const rewrite = (schema: JsonSchema): JsonSchema => {
    if (typeof schema === 'boolean') return schema;
    const { $schema: _dialect, $id: _id, ...copy } = mapSubschemas(schema, rewrite);
    if (typeof copy.$ref !== 'string') return copy;
    if (copy.$ref === '#') {
      rootIsNamed = true;
      return { ...copy, $ref: referenceTo(anonymous) };
    }
    const name = copy.$ref.replace(/^#\/(\$defs|definitions)\//, '');
    return { ...copy, $ref: names.has(name) ? referenceTo(names.get(name)!) : copy.$ref };
  };
  const definitions = new Map<string, JsonSchema>();
  for (const [name, schema] of Object.entries(local)) {
    if (isSchema(schema)) definitions.set(names.get(name)!, rewrite(schema));
  }
  const schema = rewrite(own);
  if (!rootIsNamed) return { schema, definitions };
  if (definitions.has(anonymous)) throw new Error('give the types that refer to themselves names');
  definitions.set(anonymous, schema);
  return { schema: { $ref: referenceTo(anonymous) }, definitions };
}
