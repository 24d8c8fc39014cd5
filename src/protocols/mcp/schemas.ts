import type { Operation } from '../../model/contract.ts';
import type { JsonSchema, JsonSchemaObject } from '../../model/schema.ts';
import {
  type Definitions,
  definitionName,
  isSchemaObject,
  resolveSchema,
  subschemas,
  typesOf,
} from '../../model/schema-tree.ts';

/** Operations' schemas as tools carry them: an object at the top, with all that it refers to. */

/** What the value of a tool is called where the contract's is no object. */
export const WRAPPED = 'result';

export function inputSchema(
  { input }: Operation,
  definitions: Definitions,
  maxItems: number,
): JsonSchemaObject {
  if (!input.stream) return standalone(objectForm(input.schema, definitions), definitions);
  const items: JsonSchemaObject = {
    type: 'array',
    description: 'The items of the stream, all of them, in their order.',
    items: input.schema,
    maxItems,
  };
  return standalone(
    {
      type: 'object',
      properties: { items },
      required: ['items'],
      additionalProperties: false,
    },
    definitions,
  );
}

/** How an operation's answer stands in `structuredContent`. */
export type OutputForm =
  /** The answer is an object, and stands for itself. */
  | 'object'
  /** `{"result": answer}` */
  | 'wrapped'
  /** `{"items": [...], "complete": true}` */
  | 'items'
  /** The operation answers nothing. */
  | 'nothing';

export function outputForm({ output }: Operation, definitions: Definitions): OutputForm {
  if (output.stream) return 'items';
  const types = typesOf(output.schema, definitions);
  if (types?.size !== 1) return 'wrapped';
  if (types.has('null')) return 'nothing';
  return types.has('object') ? 'object' : 'wrapped';
}

/** Undefined for an operation that answers nothing. */
export function outputSchema(
  operation: Operation,
  definitions: Definitions,
): JsonSchemaObject | undefined {
  const { schema } = operation.output;
  switch (outputForm(operation, definitions)) {
    case 'nothing':
      return undefined;
    case 'object':
      return standalone(objectForm(schema, definitions), definitions);
    case 'wrapped':
      return standalone(
        { type: 'object', properties: { [WRAPPED]: schema }, required: [WRAPPED] },
        definitions,
      );
    case 'items':
      return standalone(
        {
          type: 'object',
          properties: {
            items: { type: 'array', items: schema },
            complete: {
              type: 'boolean',
              description: 'false where the stream went on when enough had been collected.',
            },
          },
          required: ['items', 'complete'],
        },
        definitions,
      );
  }
}

/** The specification asks for `"type": "object"` at the top, where a contract may have a reference
 * or a union of objects. */
function objectForm(schema: JsonSchema, definitions: Definitions): JsonSchemaObject {
  const resolved = resolveSchema(schema, definitions);
  if (!isSchemaObject(resolved)) return { type: 'object' };
  return resolved.type === 'object' ? resolved : { ...resolved, type: 'object' };
}

/** With the definitions that it needs, and no others. */
function standalone(schema: JsonSchemaObject, definitions: Definitions): JsonSchemaObject {
  const needed = new Set<string>();
  collect(schema, definitions, needed);
  if (needed.size === 0) return schema;
  const own = [...needed].sort().map((name) => [name, definitions[name]] as const);
  return { ...schema, $defs: Object.fromEntries(own) };
}

function collect(schema: JsonSchema, definitions: Definitions, needed: Set<string>): void {
  if (typeof schema === 'boolean') return;
  const name = definitionName(schema.$ref);
  if (name !== undefined && Object.hasOwn(definitions, name) && !needed.has(name)) {
    needed.add(name);
    collect(definitions[name]!, definitions, needed);
  }
  for (const [, below] of subschemas(schema)) collect(below, definitions, needed);
}
