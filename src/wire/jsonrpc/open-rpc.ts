import type {
  Contract,
  DeclaredError,
  Operation,
  OperationExample,
  Service,
} from '../../model/contract.ts';
import { fullName } from '../../model/contract.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { RPC_CODES } from './faults.ts';
import { resolveSchema } from './parameters.ts';

/** Version of the OpenRPC specification (https://spec.open-rpc.org) that documents follow. */
const OPENRPC = '1.3.2';

type Json = Record<string, unknown>;

/** Where the methods can be called. */
export interface RpcServerAddress {
  readonly name: string;
  readonly url: string;
}

/**
 * The OpenRPC document of contracts that are served together. What streams is marked by
 * `x-stream`; OpenRPC itself has no word for it.
 */
export function openRpcDocument(
  contracts: readonly Contract[],
  servers: readonly RpcServerAddress[],
): Json {
  const [first] = contracts;
  const methods: Json[] = [];
  const schemas: Record<string, unknown> = {};
  for (const contract of contracts) {
    const names = new SchemaNames(contract, contracts.length > 1);
    for (const name of Object.keys(contract.$defs)) {
      schemas[names.of(name)] = names.rewrite(contract.$defs[name]);
    }
    for (const service of contract.services) {
      for (const operation of service.operations) {
        methods.push(methodOf(contract, service, operation, names));
      }
    }
  }
  return {
    openrpc: OPENRPC,
    info: {
      title: contracts.map((contract) => contract.name).join(', ') || 'polywire',
      version: first?.version ?? '0.0.0',
      ...(contracts.length === 1 && first?.doc !== undefined ? { description: first.doc } : {}),
    },
    ...(servers.length === 0 ? {} : { servers }),
    methods,
    components: { schemas },
  };
}

/** Names of a contract's types among those of all contracts, and references to them. */
class SchemaNames {
  readonly #prefix: string;

  constructor(contract: Contract, prefixed: boolean) {
    this.#prefix = prefixed ? `${contract.name}.` : '';
  }

  of(name: string): string {
    return this.#prefix + name;
  }

  /** A copy of a schema whose references point into `components`. */
  rewrite(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((entry) => this.rewrite(entry));
    if (typeof schema !== 'object' || schema === null) return schema;
    const copy: Json = {};
    for (const [key, value] of Object.entries(schema)) {
      if (key === '$ref' && typeof value === 'string' && value.startsWith('#/$defs/')) {
        copy[key] = `#/components/schemas/${this.#prefix}${value.slice('#/$defs/'.length)}`;
      } else if (key === 'const' || key === 'enum' || key === 'default' || key === 'examples') {
        copy[key] = value;
      } else copy[key] = this.rewrite(value);
    }
    return copy;
  }
}

function methodOf(
  contract: Contract,
  service: Service,
  operation: Operation,
  names: SchemaNames,
): Json {
  const { doc, deprecated, input, output } = operation;
  const description = [doc, deprecated === undefined ? undefined : `Deprecated: ${deprecated}`]
    .filter((text) => text !== undefined)
    .join('\n\n');
  return {
    name: fullName(service, operation),
    ...(doc === undefined ? {} : { summary: doc.split('\n', 1)[0] }),
    ...(description === '' ? {} : { description }),
    tags: [{ name: service.name }, { name: operation.kind }],
    ...(deprecated === undefined ? {} : { deprecated: true }),
    paramStructure: 'either',
    params: input.stream ? [] : parametersOf(contract, input.schema, names),
    result: output.stream
      ? { name: 'end', description: 'How many items the stream had.', schema: ITEM_COUNT }
      : { name: 'result', schema: names.rewrite(output.schema) },
    errors: operation.errors.map((name) => errorOf(name, contract.errors[name]!)),
    examples: input.stream || output.stream ? [] : operation.examples.map(exampleOf),
    ...(input.stream || output.stream ? { 'x-stream': streamOf(operation, names) } : {}),
  };
}

const ITEM_COUNT: JsonSchema = {
  type: 'object',
  required: ['items'],
  properties: { items: { type: 'integer', minimum: 0 } },
};

function streamOf(operation: Operation, names: SchemaNames): Json {
  const { input, output } = operation;
  return {
    ...(input.stream ? { input: names.rewrite(input.schema) } : {}),
    ...(output.stream ? { output: names.rewrite(output.schema) } : {}),
  };
}

function parametersOf(contract: Contract, schema: JsonSchema, names: SchemaNames): Json[] {
  const { properties, required } = resolveSchema(contract, schema);
  if (typeof properties !== 'object' || properties === null) return [];
  const needed = new Set(Array.isArray(required) ? (required as string[]) : []);
  return Object.entries(properties).map(([name, member]) => {
    const description = (member as { description?: unknown } | null)?.description;
    return {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      required: needed.has(name),
      schema: names.rewrite(member),
    };
  });
}

function errorOf(name: string, error: DeclaredError): Json {
  return {
    code: RPC_CODES[error.code],
    message: error.message ?? error.doc ?? name,
    data: { code: error.code, error: name },
  };
}

function exampleOf(example: OperationExample): Json {
  const { name, doc, input, output } = example;
  const members = typeof input === 'object' && input !== null ? Object.entries(input) : [];
  return {
    name,
    ...(doc === undefined ? {} : { description: doc }),
    params: members.map(([member, value]) => ({ name: member, value })),
    ...(output === undefined ? {} : { result: { name: 'result', value: output } }),
  };
}
