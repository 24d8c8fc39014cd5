import type { Endpoint } from '../../hub/hub.ts';
import type { JsonSchema } from '../../model/schema.ts';
import {
  type Definitions,
  membersOf,
  requiredMembers,
  resolveReference,
  typesOf,
} from './shape.ts';

/** An input to show: the author's first example, else one made from the schema. */
export function exampleInput(endpoint: Endpoint): Record<string, unknown> {
  const { operation, contract } = endpoint;
  const given = operation.examples.find((example) => example.input !== undefined)?.input;
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    return given as Record<string, unknown>;
  }
  return exampleObject(operation.input.schema, contract.$defs, 0);
}

function exampleObject(
  schema: JsonSchema,
  definitions: Definitions,
  depth: number,
): Record<string, unknown> {
  const required = requiredMembers(schema, definitions);
  const made: Record<string, unknown> = {};
  for (const [name, member] of membersOf(schema, definitions)) {
    if (required.has(name)) made[name] = exampleValue(member, definitions, depth + 1);
  }
  return made;
}

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-31T12:00:00Z',
  date: '2026-01-31',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
};

/** A value that shows a schema's form; it need not be valid. */
export function exampleValue(schema: JsonSchema, definitions: Definitions, depth = 0): unknown {
  const resolved = resolveReference(schema, definitions);
  if (typeof resolved === 'boolean') return {};
  if (Array.isArray(resolved.examples) && resolved.examples.length > 0) return resolved.examples[0];
  if ('default' in resolved) return resolved.default;
  if ('const' in resolved) return resolved.const;
  if (Array.isArray(resolved.enum)) return resolved.enum[0];
  const types = typesOf(resolved, definitions);
  if (types.has('string')) return FORMATS[String(resolved.format)] ?? 'text';
  if (types.has('number') || types.has('integer')) {
    return typeof resolved.minimum === 'number' ? resolved.minimum : 1;
  }
  if (types.has('boolean')) return true;
  if (types.has('object')) return depth > 4 ? {} : exampleObject(resolved, definitions, depth);
  if (types.has('array')) {
    const items = resolved.items as JsonSchema | undefined;
    return items === undefined || depth > 4 ? [] : [exampleValue(items, definitions, depth + 1)];
  }
  return null;
}
