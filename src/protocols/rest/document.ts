import type { Endpoint } from '../../hub/hub.ts';
import { type Contract, fullName } from '../../model/contract.ts';
import { FAULT_CODE_NAMES } from '../../model/fault.ts';
import { publishPart, publishPath } from './document-events.ts';
import { operationPart, PROBLEM } from './document-operation.ts';
import { Components } from './document-schemas.ts';
import { plansOf } from './plan.ts';

export interface DocumentOptions {
  /** Address of the server; '/' for the one that serves the document. */
  readonly baseUrl: string;
  /** The server asks for credentials. */
  readonly secured: boolean;
}

type Part = Record<string, unknown>;

/** Endpoints as the hub would name them. */
function endpointsOf(contracts: readonly Contract[]): Endpoint[] {
  return contracts.flatMap((contract) =>
    contract.services.flatMap((service) =>
      service.operations.map((operation) => ({
        name: fullName(service, operation),
        contract,
        service,
        operation,
      })),
    ),
  );
}

/** The contracts as one OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1). */
export function openApi(contracts: readonly Contract[], options: DocumentOptions): Part {
  const components = new Components(contracts);
  const paths: Record<string, Part> = {};
  for (const plan of plansOf(endpointsOf(contracts))) {
    if (!plan.documented) continue;
    const item = (paths[plan.path] ??= {});
    item[plan.method.toLowerCase()] = operationPart(plan, components, options.secured);
  }
  addEvents(contracts, paths, components, options.secured);
  components.schemas[PROBLEM] = PROBLEM_SCHEMA;
  return {
    openapi: '3.1.1',
    info: infoOf(contracts),
    servers: [{ url: options.baseUrl }],
    tags: contracts.flatMap((contract) =>
      contract.services.map((service) => ({
        name: service.name,
        ...(service.doc === undefined ? {} : { description: service.doc }),
      })),
    ),
    ...(options.secured ? {} : { security: [] }),
    paths,
    components: {
      schemas: components.schemas,
      parameters: { 'polywire.IdempotencyKey': IDEMPOTENCY_KEY },
      responses: { 'polywire.Fault': FAULT_RESPONSE },
      ...(options.secured ? { securitySchemes: SECURITY_SCHEMES } : {}),
    },
  };
}

export function openApiText(contracts: readonly Contract[], options: DocumentOptions): string {
  return `${JSON.stringify(openApi(contracts, options), null, 2)}\n`;
}

function infoOf(contracts: readonly Contract[]): Part {
  const [first] = contracts;
  const docs = contracts.map((contract) => contract.doc).filter((doc) => doc !== undefined);
  return {
    title: contracts.length === 0 ? 'polywire' : contracts.map((one) => one.name).join(', '),
    version: contracts.length === 1 && first !== undefined ? first.version : '1',
    ...(docs.length === 0 ? {} : { description: docs.join('\n\n') }),
  };
}

function addEvents(
  contracts: readonly Contract[],
  paths: Record<string, Part>,
  components: Components,
  secured: boolean,
): void {
  const taken = new Set<string>();
  for (const contract of contracts) {
    for (const service of contract.services) {
      for (const event of service.events) {
        const { path } = publishPath(event);
        const shape = path.replace(/\{[^{}]*\}/g, '{}');
        // Event types that share a subject are published at one address: the first is shown.
        if (taken.has(shape)) continue;
        taken.add(shape);
        paths[path] = { post: publishPart(event, service.name, contract, components, secured) };
      }
    }
  }
}

const PROBLEM_SCHEMA: Part = {
  type: 'object',
  description: 'A problem (RFC 9457).',
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { enum: FAULT_CODE_NAMES },
    message: { type: 'string' },
    error: { type: 'string', description: 'Name of the error that the contract declares.' },
    data: { description: 'Data of the declared error.' },
    violations: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          path: { type: 'string', description: 'JSON Pointer into the input.' },
          expected: { type: 'string' },
          received: { type: 'string' },
        },
        required: ['path', 'expected', 'received'],
      },
    },
    retryAfterMs: { type: 'number' },
  },
  required: ['type', 'title', 'status', 'code'],
};

const FAULT_RESPONSE: Part = {
  description: 'A fault: the status says its kind, the body its code and details.',
  content: {
    'application/problem+json': { schema: { $ref: `#/components/schemas/${PROBLEM}` } },
  },
};

const IDEMPOTENCY_KEY: Part = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'The command runs once for each key; the answer is given again, marked with the header idempotency-replayed.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const SECURITY_SCHEMES: Part = {
  bearer: { type: 'http', scheme: 'bearer' },
  basic: { type: 'http', scheme: 'basic' },
};
