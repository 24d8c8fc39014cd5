import type { JsonSchemaObject } from '../model/schema.ts';

/** One option of the configuration that has a value of its own. */
export interface Option {
  /** `['listen', 'port']` */
  readonly path: readonly string[];
  readonly schema: JsonSchemaObject;
  readonly description: string;
  readonly default: unknown;
  readonly required: boolean;
  readonly secret: boolean;
}

/** Every option of a schema, sections opened, in the order that they are written. */
export function listOptions(schema: JsonSchemaObject, path: readonly string[] = []): Option[] {
  const options: Option[] = [];
  const required = new Set((schema.required ?? []) as readonly string[]);
  const properties = (schema.properties ?? {}) as Record<string, JsonSchemaObject>;
  for (const [name, property] of Object.entries(properties)) {
    const inner = [...path, name];
    if (isSection(property)) options.push(...listOptions(property, inner));
    else {
      options.push({
        path: inner,
        schema: property,
        description: String(property.description ?? ''),
        default: property.default,
        required: required.has(name) && !('default' in property),
        secret: property.writeOnly === true,
      });
    }
  }
  return options;
}

/** A section has named options of its own; a record (free names) is one option. */
export function isSection(schema: JsonSchemaObject): boolean {
  return schema.type === 'object' && typeof schema.properties === 'object';
}

/** `listen.port` as an environment variable: POLYWIRE_LISTEN_PORT. */
export function environmentName(path: readonly string[]): string {
  const words = path.map((level) =>
    level
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replace(/[^A-Za-z0-9]/g, '_')
      .toUpperCase(),
  );
  return `POLYWIRE_${words.join('_')}`;
}
