import type { Contract } from './contract.ts';
import { checkContract, type Problem } from './contract-rules.ts';
import { FAULT_CODE_NAMES } from './fault.ts';
import type { JsonSchemaObject } from './schema.ts';
import { compileSchema } from './validation/validator.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const schema = { $ref: '#/$defs/Schema' } as const;

function closed(
  required: Record<string, unknown>,
  optional: Record<string, unknown> = {},
): JsonSchemaObject {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

/** The neutral form of a contract as JSON Schema; published as docs/generated/contract.schema.json. */
export const CONTRACT_SCHEMA: JsonSchemaObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Polywire contract',
  description:
    'The neutral form of a contract: services with operations and events, errors and named types. Schemas are JSON Schema 2020-12 and refer to named types as #/$defs/Name.',
  ...closed(
    {
      polywire: { const: '1', description: 'Version of this format.' },
      name: { ...text, description: 'Lower-case letters, digits and hyphens.' },
      version: { ...text, description: "The author's version of the contract, SemVer." },
      services: { type: 'array', items: { $ref: '#/$defs/Service' } },
      errors: {
        type: 'object',
        additionalProperties: { $ref: '#/$defs/DeclaredError' },
        description: 'Errors that operations may declare, by PascalCase name.',
      },
      $defs: {
        type: 'object',
        additionalProperties: schema,
        description: 'Named types, to which schemas anywhere in the contract refer.',
      },
    },
    {
      doc: text,
      links: {
        type: 'array',
        items: { $ref: '#/$defs/Link' },
        description: 'How values of named types lead to answers of operations.',
      },
    },
  ),
  $defs: {
    Schema: { type: ['object', 'boolean'], description: 'A JSON Schema, draft 2020-12.' },
    Service: closed(
      {
        name: text,
        operations: { type: 'array', items: { $ref: '#/$defs/Operation' } },
        events: { type: 'array', items: { $ref: '#/$defs/Event' } },
      },
      { doc: text },
    ),
    Payload: closed({ schema, stream: { type: 'boolean', description: 'Many values, in turn.' } }),
    Operation: closed(
      {
        name: text,
        kind: { enum: ['query', 'command'], description: 'A query has no side effect.' },
        input: { $ref: '#/$defs/Payload' },
        output: { $ref: '#/$defs/Payload' },
        errors: { ...texts, description: "Names among the contract's errors." },
        scopes: { ...texts, description: 'Scopes that the caller needs, all of them.' },
        examples: { type: 'array', items: { $ref: '#/$defs/Example' } },
      },
      {
        doc: text,
        deprecated: { ...text, description: 'Why it should not be used, and what to use instead.' },
        http: closed(
          {},
          { method: { enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] }, path: text },
        ),
        batch: { $ref: '#/$defs/Batch' },
      },
    ),
    Batch: {
      description: 'Another operation that answers many calls of this one at once.',
      ...closed({
        operation: { ...text, description: 'Full name of a query that answers an array.' },
        member: { ...text, description: 'Member of the input by which calls differ.' },
        list: {
          ...text,
          description: "Member of the batch operation's input for the list of them.",
        },
        key: { ...text, description: 'Member of each answer that says whose answer it is.' },
      }),
    },
    Link: closed(
      {
        type: { ...text, description: 'Name of the type whose values have the link.' },
        name: text,
        operation: { ...text, description: 'Full name of the query that answers it.' },
        input: {
          type: 'object',
          additionalProperties: text,
          description:
            "Member of the operation's input, and the member of the type it is taken from.",
        },
      },
      { doc: text },
    ),
    Example: closed({ name: text }, { doc: text, input: true, output: true }),
    Event: closed(
      {
        name: text,
        subject: { ...text, description: 'Levels joined by dots; {member} of the payload.' },
        schema,
        scopes: texts,
        examples: { type: 'array' },
      },
      {
        doc: text,
        deprecated: text,
        key: text,
        durable: {
          type: 'boolean',
          description: 'false: its messages are kept in memory only, in no stream of their own.',
        },
      },
    ),
    DeclaredError: closed(
      { code: { enum: [...FAULT_CODE_NAMES] } },
      { doc: text, message: text, data: schema },
    ),
  },
};

/** Whether a value claims to be a contract in neutral form. */
export function looksLikeContract(value: unknown): value is Contract {
  return (
    typeof value === 'object' &&
    value !== null &&
    'polywire' in value &&
    'services' in value &&
    Array.isArray(value.services)
  );
}

/** What is wrong with the form of a value that should be a contract. */
function formProblems(value: unknown): Problem[] {
  const { $defs, $schema: _dialect, ...form } = CONTRACT_SCHEMA;
  const validator = compileSchema(form, $defs as Record<string, JsonSchemaObject>);
  if (validator.check(value)) return [];
  return validator.violations(value).map(({ path, expected, received }) => ({
    severity: 'error',
    place: path === '' ? 'contract' : `contract at ${path}`,
    message: `expected ${expected}, found ${received}`,
  }));
}

/** Everything that is wrong with a value that should be a contract: its form, then its rules. */
export function checkDocument(value: unknown): Problem[] {
  const problems = formProblems(value);
  return problems.length > 0 ? problems : checkContract(value as Contract);
}

/**
 * A contract from its neutral JSON form. What it answers and `JSON.stringify` are each other's
 * reverse: nothing is added, dropped or put into another order.
 * @throws ContractError that lists all problems
 */
export function parseContract(json: unknown): Contract {
  const problems = checkDocument(json).filter(({ severity }) => severity === 'error');
  if (problems.length === 0) return json as Contract;
  const name = (json as { name?: unknown } | null)?.name;
  throw new ContractError(typeof name === 'string' ? name : 'without a name', problems);
}

/** A contract breaks a rule; lists every problem. */
export class ContractError extends Error {
  readonly problems: readonly Problem[];

  constructor(name: string, problems: readonly Problem[]) {
    const lines = problems.map(({ place, message }) => `  - ${place}: ${message}`);
    super(`The contract "${name}" cannot be used:\n${lines.join('\n')}`);
    this.name = 'ContractError';
    this.problems = problems;
  }
}
