import type { Contract } from '../../model/contract.ts';
import type { JsonSchema } from '../../model/schema.ts';

/** A contract with one query `all.get` of these schemas. */
export function contractOf(
  input: JsonSchema,
  output: JsonSchema = { type: 'null' },
  definitions: Record<string, JsonSchema> = {},
): Contract {
  return {
    polywire: '1',
    name: 'all',
    version: '1.0.0',
    errors: {},
    $defs: definitions,
    services: [
      {
        name: 'all',
        events: [],
        operations: [
          {
            name: 'get',
            kind: 'query',
            errors: [],
            scopes: [],
            examples: [],
            input: { schema: input, stream: false },
            output: { schema: output, stream: false },
          },
        ],
      },
    ],
  };
}

export const DEFINITIONS: Record<string, JsonSchema> = {
  Node: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      children: { type: 'array', items: { $ref: '#/$defs/Node' } },
    },
    required: ['name', 'children'],
  },
  Status: { enum: ['open', 'in-transit', ''] },
  Shape: {
    oneOf: [
      {
        type: 'object',
        properties: { kind: { const: 'circle' }, radius: { type: 'number' } },
        required: ['kind', 'radius'],
      },
      {
        type: 'object',
        properties: { kind: { const: 'box' }, width: { type: 'integer' } },
        required: ['kind', 'width'],
      },
    ],
  },
};

/** A member of every kind that schemas know. */
export const EVERYTHING: JsonSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    large: { type: 'string', format: 'int64' },
    whole: { type: 'integer' },
    small: { type: 'integer', format: 'int32' },
    real: { type: 'number' },
    yes: { type: 'boolean' },
    at: { type: 'string', format: 'date-time' },
    lasts: { type: 'string', format: 'duration' },
    any: true,
    open: { type: 'object' },
    counts: { type: 'object', additionalProperties: { type: 'integer' } },
    tree: { $ref: '#/$defs/Node' },
    status: { $ref: '#/$defs/Status' },
    statuses: { type: 'array', items: { $ref: '#/$defs/Status' } },
    shape: { $ref: '#/$defs/Shape' },
    either: { type: ['string', 'integer', 'null'] },
    grid: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    maybe: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    both: { type: ['string', 'null'] },
    bytes: { type: 'string', contentEncoding: 'base64' },
    numbers: { type: 'array', items: { type: 'number' } },
    'odd-name': { type: 'string' },
    line: {
      type: 'object',
      properties: { x: { type: 'integer' } },
      required: ['x'],
      additionalProperties: { type: 'string' },
    },
    gaps: { type: 'array', items: { type: ['integer', 'null'] } },
    listOrNull: { type: ['array', 'null'], items: { type: 'string' } },
    pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
  },
  required: ['id', 'whole', 'real', 'yes', 'counts', 'maybe', 'statuses', 'numbers'],
};
