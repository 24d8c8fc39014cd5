import type { Contract, EventType, Operation, Service } from '../../../model/contract.ts';
import { fullName } from '../../../model/contract.ts';
import type { JsonSchema } from '../../../model/schema.ts';
import { membersOf, resolveSchema } from '../../../model/schema-tree.ts';
import { capital, rootFieldName } from '../names.ts';
import { SCALARS } from './scalars.ts';
import { type LinkBinding, TypeBuilder } from './type-builder.ts';
import {
  type InputField,
  nullable,
  type RootField,
  type RootKind,
  type SchemaModel,
} from './types.ts';

interface Found {
  readonly contract: Contract;
  readonly operation: Operation;
}

/**
 * The GraphQL schema of contracts. Queries are fields of Query, commands of Mutation, server
 * streams and events of Subscription. Operations whose input is a stream have no form in GraphQL
 * and are left out.
 */
export function buildModel(contracts: readonly Contract[]): SchemaModel {
  const operations = new Map<string, Found>();
  for (const contract of contracts) {
    for (const service of contract.services) {
      for (const operation of service.operations) {
        operations.set(fullName(service, operation), { contract, operation });
      }
    }
  }
  const builder = new TypeBuilder((link) => linkBinding(link, operations));
  const roots = {
    query: new Map<string, RootField>(),
    mutation: new Map<string, RootField>(),
    subscription: new Map<string, RootField>(),
  } satisfies { [kind in RootKind]: Map<string, RootField> };
  const add = (kind: RootKind, field: RootField): void => {
    let { name } = field;
    // Names of one contract differ; those of several may not.
    for (let number = 2; roots[kind].has(name); number++) name = `${field.name}${number}`;
    roots[kind].set(name, name === field.name ? field : { ...field, name });
  };
  for (const contract of contracts) {
    for (const service of contract.services) {
      for (const operation of service.operations) {
        if (operation.input.stream) continue;
        add(rootKindOf(operation), operationField(builder, contract, service, operation));
      }
      for (const event of service.events) {
        add('subscription', eventField(builder, contract, service, event));
      }
    }
  }
  if (roots.query.size === 0) roots.query.set(NOTHING.name, NOTHING);
  const [only] = contracts;
  const doc = contracts.length === 1 ? only!.doc : undefined;
  return { roots, types: builder.types, doc };
}

/** GraphQL asks for a Query type with a field, also where a contract has no query. */
const NOTHING: RootField = {
  name: 'nothing',
  target: '',
  doc: 'Always null: there is no query here.',
  arguments: new Map(),
  wholeInput: false,
  type: { kind: 'named', type: SCALARS.Void, nullable: true },
};

export function rootKindOf(operation: Operation): RootKind {
  if (operation.output.stream) return 'subscription';
  return operation.kind === 'query' ? 'query' : 'mutation';
}

function linkBinding(
  link: { readonly operation: string },
  operations: ReadonlyMap<string, Found>,
): LinkBinding | undefined {
  const found = operations.get(link.operation);
  if (found === undefined) return undefined;
  const { operation, contract } = found;
  const batch =
    operation.batch === undefined ? undefined : operations.get(operation.batch.operation);
  return {
    contract,
    output: operation.output.schema,
    deprecated: operation.deprecated,
    target: {
      link: link as LinkBinding['target']['link'],
      operation: link.operation,
      batch: batch === undefined ? undefined : { name: operation.batch!.operation, operation },
    },
  };
}

function operationField(
  builder: TypeBuilder,
  contract: Contract,
  service: Service,
  operation: Operation,
): RootField {
  const target = fullName(service, operation);
  const name = rootFieldName(target);
  const hint = capital(name);
  const { schema } = operation.input;
  const members = membersOf(schema, contract.$defs);
  const wholeInput = members.size === 0 && !takesNothing(schema, contract);
  // A failed call must not take the answers of its neighbours along: root fields may be null.
  const type = nullable(builder.output(operation.output.schema, contract, `${hint}Result`));
  return {
    name,
    target,
    doc: operationDoc(contract, operation),
    deprecated: operation.deprecated,
    arguments: wholeInput
      ? inputArgument(builder, schema, contract, hint)
      : builder.inputFields(members, contract, hint),
    wholeInput,
    type,
  };
}

function takesNothing(schema: JsonSchema, contract: Contract): boolean {
  const resolved = resolveSchema(schema, contract.$defs);
  if (typeof resolved === 'boolean') return false;
  const free = resolved.additionalProperties ?? resolved.unevaluatedProperties;
  const empty = free === false || (free === undefined && resolved.patternProperties === undefined);
  return empty && resolved.anyOf === undefined && resolved.oneOf === undefined;
}

function inputArgument(
  builder: TypeBuilder,
  schema: JsonSchema,
  contract: Contract,
  hint: string,
): Map<string, InputField> {
  const type = builder.input(schema, contract, hint);
  const name = 'input';
  const field = {
    name,
    member: name,
    type: { ...type, nullable: false },
    required: true,
    takesNull: false,
  };
  return new Map([[name, field]]);
}

/** The text of an operation with the errors that it declares, which a schema has no place for. */
function operationDoc(contract: Contract, operation: Operation): string | undefined {
  const errors = operation.errors.map((name) => {
    const declared = contract.errors[name];
    const text = declared?.doc ?? declared?.message;
    return `- ${name} (${declared?.code ?? 'UNKNOWN'})${text === undefined ? '' : `: ${text}`}`;
  });
  if (errors.length === 0) return operation.doc;
  const list = `Errors, in extensions.error:\n${errors.join('\n')}`;
  return operation.doc === undefined ? list : `${operation.doc}\n\n${list}`;
}

function eventField(
  builder: TypeBuilder,
  contract: Contract,
  service: Service,
  event: EventType,
): RootField {
  const target = fullName(service, event);
  const name = rootFieldName(target);
  const members = membersOf(event.schema, contract.$defs);
  const filters = new Map([...members].filter(([member]) => event.subject.includes(`{${member}}`)));
  const fields = builder.inputFields(filters, contract, capital(name));
  return {
    name,
    target,
    doc: event.doc,
    deprecated: event.deprecated,
    arguments: new Map(
      [...fields].map(([argument, field]) => [
        argument,
        {
          ...field,
          doc: `Only those with this ${argument}.`,
          type: nullable(field.type),
          required: false,
          takesNull: false,
          constant: undefined,
        },
      ]),
    ),
    wholeInput: false,
    type: nullable(builder.output(event.schema, contract, `${capital(name)}Event`)),
    event,
  };
}
