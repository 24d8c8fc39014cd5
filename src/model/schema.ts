/** A JSON Schema, draft 2020-12. References are local: `#/$defs/Name` of the contract. */
export type JsonSchema = boolean | JsonSchemaObject;
export interface JsonSchemaObject {
  readonly [keyword: string]: unknown;
}

/** What an operation without declared input takes: an object without members. */
export const NO_INPUT: JsonSchemaObject = Object.freeze({
  type: 'object',
  properties: Object.freeze({}),
  additionalProperties: false,
});

/** What an operation without declared output answers: null. */
export const NO_OUTPUT: JsonSchemaObject = Object.freeze({ type: 'null' });
