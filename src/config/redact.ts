import type { JsonSchemaObject } from '../model/schema.ts';

/** A copy of a configuration that may be shown: every secret (writeOnly) is `***`. */
export function redact(schema: JsonSchemaObject, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (schema.writeOnly === true) return '***';
  if (Array.isArray(schema.anyOf)) {
    // Whichever form was used: a member that is secret in one of them is not shown.
    return (schema.anyOf as JsonSchemaObject[]).reduce<unknown>(
      (shown, option) => redact(option, shown),
      value,
    );
  }
  if (Array.isArray(value)) {
    const items = (schema.items ?? {}) as JsonSchemaObject;
    return value.map((item) => redact(items, item));
  }
  if (typeof value !== 'object') return value;
  const properties = (schema.properties ?? {}) as Record<string, JsonSchemaObject>;
  const patterns = Object.values((schema.patternProperties ?? {}) as object);
  const entry = (patterns[0] ?? schema.additionalProperties ?? {}) as JsonSchemaObject;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      redact(properties[name] ?? (typeof entry === 'object' ? entry : {}), member),
    ]),
  );
}
