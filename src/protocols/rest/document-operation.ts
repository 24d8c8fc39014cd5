import type { Contract, DeclaredError, Operation } from '../../model/contract.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { FAULT_STATUS } from '../../wire/problem.ts';
import { type Components, withoutMembers } from './document-schemas.ts';
import { canonicalAddress, operationId } from './names.ts';
import type { Plan } from './plan.ts';
import { membersOf, requiredMembers, resolveReference, type Shape } from './shape.ts';

type Part = Record<string, unknown>;

export const PROBLEM = 'polywire.Problem';
const PROBLEM_REFERENCE = { $ref: `#/components/schemas/${PROBLEM}` };
const PROBLEM_TYPE = 'application/problem+json';

/** One operation as an OpenAPI operation object. */
export function operationPart(plan: Plan, components: Components, secured: boolean): Part {
  const { endpoint } = plan;
  const { operation, service } = endpoint;
  const parameters = parametersOf(plan, components);
  const body = bodyOf(plan, components);
  return {
    operationId: operationId(endpoint),
    tags: [service.name],
    ...(operation.doc === undefined ? {} : { summary: firstSentence(operation.doc) }),
    description: describe(plan),
    ...(operation.deprecated === undefined ? {} : { deprecated: true }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: responsesOf(plan, components),
    ...(secured
      ? { security: [{ bearer: [...operation.scopes] }, { basic: [...operation.scopes] }] }
      : {}),
    'x-polywire-operation': endpoint.name,
    'x-polywire-kind': operation.kind,
  };
}

function firstSentence(doc: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(doc.trim())?.[0] ?? doc.trim();
}

function describe(plan: Plan): string {
  const { operation } = plan.endpoint;
  const canonical = canonicalAddress(plan.endpoint);
  const lines: string[] = [];
  if (operation.doc !== undefined) lines.push(operation.doc);
  if (operation.deprecated !== undefined) lines.push(`Deprecated: ${operation.deprecated}`);
  if (plan.inputStreams) {
    lines.push('The request is a stream of values, read while it arrives.');
  } else if (canonical.method !== plan.method || canonical.path !== plan.path) {
    lines.push(`Also at POST ${canonical.path}, with the whole input as the body.`);
  }
  if (plan.outputStreams) {
    lines.push(
      'The answer is a stream. As text/event-stream each item is an event without a name; the event `end` says that it is complete, the event `error` holds a fault. As application/x-ndjson each item is a line, and a last line ` {"error": ...}`, which begins with a space as no item does, holds a fault.',
    );
  }
  return lines.join('\n\n');
}

function descriptionOf(schema: JsonSchema): Part {
  return typeof schema === 'object' && typeof schema.description === 'string'
    ? { description: schema.description }
    : {};
}

function parametersOf(plan: Plan, components: Components): Part[] {
  const { operation, contract } = plan.endpoint;
  if (plan.inputStreams) return [];
  const parameters: Part[] = [];
  const members = membersOf(operation.input.schema, contract.$defs);
  const required = requiredMembers(operation.input.schema, contract.$defs);
  const paths = new Set(plan.pathParameters.map((parameter) => parameter.name));
  const headers = new Map(plan.headerParameters.map((one) => [one.name, one.header]));
  for (const [name, member] of members) {
    const place = paths.has(name) ? 'path' : headers.has(name) ? 'header' : 'query';
    if (place === 'query' && plan.takesBody) continue;
    const shape = plan.members.members.get(name);
    if (shape === undefined) continue;
    parameters.push({
      name: headers.get(name) ?? name,
      in: place,
      ...(place === 'path' || required.has(name) ? { required: true } : {}),
      ...descriptionOf(resolveReference(member, contract.$defs)),
      ...formOf(shape, components.schema(member, contract)),
      ...parameterExamples(operation, name),
    });
  }
  if (operation.kind === 'command' && !plan.outputStreams) {
    parameters.push({ $ref: '#/components/parameters/polywire.IdempotencyKey' });
  }
  return parameters;
}

function formOf(shape: Shape, schema: JsonSchema): Part {
  if (shape.kind === 'scalar' || shape.kind === 'array') return { schema };
  const flat =
    shape.kind === 'object' &&
    [...shape.members.values()].every((member) => member.kind === 'scalar') &&
    (shape.additional === undefined || shape.additional.kind === 'scalar');
  if (flat) return { style: 'deepObject', explode: true, schema };
  return { content: { 'application/json': { schema } } };
}

function parameterExamples(operation: Operation, name: string): Part {
  const examples: Part = {};
  for (const example of operation.examples) {
    const input = example.input as Part | undefined;
    if (input !== null && typeof input === 'object' && Object.hasOwn(input, name)) {
      examples[key(example.name)] = { value: input[name] };
    }
  }
  return Object.keys(examples).length === 0 ? {} : { examples };
}

function key(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '_');
}

function examplesOf(
  operation: Operation,
  side: 'input' | 'output',
  without: readonly string[],
): Part {
  const examples: Part = {};
  for (const example of operation.examples) {
    const value = example[side];
    if (value === undefined) continue;
    const shown =
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).filter(([name]) => !without.includes(name)))
        : value;
    examples[key(example.name)] = {
      ...(example.doc === undefined ? {} : { summary: example.doc }),
      value: shown,
    };
  }
  return Object.keys(examples).length === 0 ? {} : { examples };
}

function bodyOf(plan: Plan, components: Components): Part | undefined {
  if (!plan.takesBody) return undefined;
  const { operation, contract } = plan.endpoint;
  const schema = components.schema(operation.input.schema, contract);
  if (plan.inputStreams) {
    // No body is a stream without items.
    return {
      content: {
        'application/x-ndjson': streamContent(schema, 'One JSON value in each line.'),
        'application/json': { schema: { type: 'array', items: schema } },
      },
    };
  }
  const elsewhere = [...plan.pathParameters, ...plan.headerParameters].map((one) => one.name);
  const plain = withoutMembers(
    elsewhere.length === 0
      ? schema
      : components.schema(resolveReference(operation.input.schema, contract.$defs), contract),
    elsewhere,
  );
  const members = membersOf(operation.input.schema, contract.$defs);
  if (members.size > 0 && [...members.keys()].every((name) => elsewhere.includes(name))) {
    return undefined;
  }
  const needed = [...requiredMembers(operation.input.schema, contract.$defs)];
  return {
    ...(needed.some((name) => !elsewhere.includes(name)) ? { required: true } : {}),
    content: {
      'application/json': { schema: plain, ...examplesOf(operation, 'input', elsewhere) },
    },
  };
}

/** OpenAPI 3.1 knows no streams: the body is described as the list of its items, and marked. */
function streamContent(schema: JsonSchema, description: string): Part {
  return { schema: { type: 'array', items: schema, description, 'x-polywire-stream': true } };
}

function responsesOf(plan: Plan, components: Components): Part {
  const { operation, contract } = plan.endpoint;
  const responses: Part = {};
  if (plan.noOutput) responses['204'] = { description: 'Done; nothing is answered.' };
  else responses['200'] = answerOf(plan, components);
  if (operation.kind === 'query' && !plan.outputStreams) {
    responses['304'] = { description: 'The answer is the one that If-None-Match names.' };
  }
  const byStatus = new Map<number, [string, DeclaredError][]>();
  for (const name of operation.errors) {
    const declared = contract.errors[name];
    if (declared === undefined) continue;
    const status = FAULT_STATUS[declared.code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), [name, declared]]);
  }
  for (const [status, declared] of [...byStatus].sort(([one], [other]) => one - other)) {
    responses[String(status)] = errorResponse(declared, contract, components);
  }
  responses.default = { $ref: '#/components/responses/polywire.Fault' };
  return responses;
}

function answerOf(plan: Plan, components: Components): Part {
  const { operation, contract } = plan.endpoint;
  const schema = components.schema(operation.output.schema, contract);
  if (!plan.outputStreams) {
    return {
      description: 'The answer.',
      content: { 'application/json': { schema, ...examplesOf(operation, 'output', []) } },
    };
  }
  return {
    description: 'A stream of answers.',
    content: {
      'text/event-stream': streamContent(schema, 'One item in the data of each event.'),
      'application/x-ndjson': streamContent(schema, 'One item in each line.'),
    },
  };
}

function errorResponse(
  declared: readonly (readonly [string, DeclaredError])[],
  contract: Contract,
  components: Components,
): Part {
  const schemas = declared.map(([name, error]) => errorSchema(name, error, contract, components));
  return {
    description: declared
      .map(([name, error]) => `${name}: ${error.doc ?? error.message ?? error.code}`)
      .join('\n\n'),
    content: {
      [PROBLEM_TYPE]: {
        schema: { anyOf: [...schemas, PROBLEM_REFERENCE] },
        examples: Object.fromEntries(
          declared.map(([name, error]) => [
            key(name),
            {
              value: {
                type: `urn:polywire:error:${name}`,
                title: name,
                status: FAULT_STATUS[error.code],
                detail: error.message ?? error.doc ?? name,
                code: error.code,
                error: name,
              },
            },
          ]),
        ),
      },
    },
  };
}

/** A problem document of one declared error, as a named schema. */
function errorSchema(
  name: string,
  error: DeclaredError,
  contract: Contract,
  components: Components,
): Part {
  const component = `${name}.Problem`;
  components.schemas[component] ??= {
    allOf: [PROBLEM_REFERENCE],
    type: 'object',
    properties: {
      error: { const: name },
      code: { const: error.code },
      ...(error.data === undefined ? {} : { data: components.schema(error.data, contract) }),
    },
    required: ['error', 'code', ...(error.data === undefined ? [] : ['data'])],
    ...(error.doc === undefined ? {} : { description: error.doc }),
  };
  return { $ref: `#/components/schemas/${component}` };
}
