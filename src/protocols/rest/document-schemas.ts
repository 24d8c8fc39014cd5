import type { Contract } from '../../model/contract.ts';
import type { JsonSchema } from '../../model/schema.ts';

/** Keywords whose values are data, not schemas. */
const DATA = new Set(['const', 'default', 'enum', 'examples', 'example']);

type SchemaMap = Record<string, unknown>;

/**
 * The named schemas of one document. A contract's `#/$defs/Name` becomes
 * `#/components/schemas/Name`; where two contracts name different types alike, the later one's are
 * prefixed with its name.
 */
export class Components {
  readonly schemas: SchemaMap = {};
  readonly #names = new Map<Contract, Map<string, string>>();

  constructor(contracts: readonly Contract[]) {
    const taken = new Map<string, string>();
    for (const contract of contracts) {
      const names = new Map<string, string>();
      for (const [name, schema] of Object.entries(contract.$defs)) {
        const plain = name.replace(/[^A-Za-z0-9._-]/g, '_');
        const text = JSON.stringify(schema);
        let unique = plain;
        if ((taken.get(unique) ?? text) !== text) unique = `${contract.name}.${plain}`;
        while ((taken.get(unique) ?? text) !== text) unique += '_';
        taken.set(unique, text);
        names.set(name, unique);
      }
      this.#names.set(contract, names);
    }
    for (const contract of contracts) {
      for (const [name, schema] of Object.entries(contract.$defs)) {
        this.schemas[this.#names.get(contract)!.get(name)!] = this.schema(schema, contract);
      }
    }
  }

  /** A contract's schema as it stands in the document. */
  schema(schema: JsonSchema, contract: Contract): JsonSchema {
    return this.#rewrite(schema, this.#names.get(contract)) as JsonSchema;
  }

  #rewrite(value: unknown, names: ReadonlyMap<string, string> | undefined): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#rewrite(item, names));
    if (typeof value !== 'object' || value === null) return value;
    const copy: SchemaMap = {};
    for (const [key, member] of Object.entries(value)) {
      if (key === '$schema') continue;
      if (key === '$ref' && typeof member === 'string') copy[key] = reference(member, names);
      else copy[key] = DATA.has(key) ? member : this.#rewrite(member, names);
    }
    return copy;
  }
}

function reference(text: string, names: ReadonlyMap<string, string> | undefined): string {
  const name = /^#\/\$defs\/([^/]+)$/.exec(text)?.[1];
  if (name === undefined) return text;
  const plain = decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~');
  return `#/components/schemas/${names?.get(plain) ?? plain}`;
}

/** An object schema without some members; the schema itself where it is not a plain object. */
export function withoutMembers(schema: JsonSchema, names: readonly string[]): JsonSchema {
  if (names.length === 0 || typeof schema === 'boolean') return schema;
  if (typeof schema.properties !== 'object' || schema.properties === null) return schema;
  const properties = Object.fromEntries(
    Object.entries(schema.properties).filter(([name]) => !names.includes(name)),
  );
  const required = Array.isArray(schema.required)
    ? schema.required.filter((name) => !names.includes(String(name)))
    : undefined;
  const { required: _, ...rest } = schema;
  return {
    ...rest,
    properties,
    ...(required === undefined || required.length === 0 ? {} : { required }),
  };
}
