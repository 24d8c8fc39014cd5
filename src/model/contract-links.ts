import { type Contract, fullName, type Operation } from './contract.ts';
import type { Report } from './contract-rules.ts';
import type { JsonSchema } from './schema.ts';
import { type Member, membersOf, resolveSchema, typesOf } from './schema-tree.ts';

const LINK_NAME = /^[a-z][A-Za-z0-9]{0,99}$/;

/** That links and batches lead to operations that can follow them. */
export function checkLinks(contract: Contract, report: Report): void {
  const operations = new Map<string, Operation>();
  for (const service of contract.services) {
    for (const operation of service.operations) {
      operations.set(fullName(service, operation), operation);
    }
  }
  for (const [name, operation] of operations) {
    if (operation.batch !== undefined) checkBatch(contract, name, operation, operations, report);
  }
  const seen = new Set<string>();
  for (const link of contract.links ?? []) {
    const place = `link ${link.type}.${link.name}`;
    if (seen.has(place)) report(place, 'it is there twice');
    seen.add(place);
    const type = Object.hasOwn(contract.$defs, link.type) ? contract.$defs[link.type] : undefined;
    if (type === undefined) {
      report(place, `"${link.type}" is no type of the contract's $defs`);
      continue;
    }
    const members = membersOf(type, contract.$defs);
    if (!LINK_NAME.test(link.name)) {
      report(place, 'the name must be lower camel case, at most 100 letters and digits');
    } else if (members.has(link.name)) report(place, 'the type has a member of this name');
    const target = readable(link.operation, operations, place, report);
    if (target === undefined) continue;
    const inputs = membersOf(target.input.schema, contract.$defs);
    for (const [input, member] of Object.entries(link.input)) {
      known(inputs, input, `the input of ${link.operation}`, place, report);
      known(members, member, `type ${link.type}`, place, report);
    }
    for (const [input, { required }] of inputs) {
      if (required && !Object.hasOwn(link.input, input)) {
        report(place, `${link.operation} needs "${input}", which the link does not give`);
      }
    }
    const { batch } = target;
    if (batch !== undefined && !Object.hasOwn(link.input, batch.member)) {
      report(
        place,
        `the batch of ${link.operation} needs "${batch.member}", which it does not give`,
      );
    }
  }
}

function checkBatch(
  contract: Contract,
  name: string,
  operation: Operation,
  operations: ReadonlyMap<string, Operation>,
  report: Report,
): void {
  const place = `operation ${name}, batch`;
  const batch = operation.batch!;
  readable(name, operations, place, report);
  const target = readable(batch.operation, operations, place, report);
  const single = membersOf(operation.input.schema, contract.$defs);
  known(single, batch.member, `the input of ${name}`, place, report);
  if (target === undefined) return;
  const many = membersOf(target.input.schema, contract.$defs);
  const list = known(many, batch.list, `the input of ${batch.operation}`, place, report);
  if (list !== undefined && !isOnly('array', list.schema, contract)) {
    report(place, `"${batch.list}" of ${batch.operation} must be an array`);
  }
  const answers = resolveSchema(target.output.schema, contract.$defs);
  if (typeof answers === 'boolean' || !isOnly('array', answers, contract)) {
    report(place, `${batch.operation} must answer an array`);
    return;
  }
  const items = membersOf((answers.items ?? true) as JsonSchema, contract.$defs);
  known(items, batch.key, `the answers of ${batch.operation}`, place, report);
}

function isOnly(type: string, schema: JsonSchema, contract: Contract): boolean {
  const types = typesOf(schema, contract.$defs);
  return types !== undefined && types.size === 1 && types.has(type);
}

function readable(
  name: string,
  operations: ReadonlyMap<string, Operation>,
  place: string,
  report: Report,
): Operation | undefined {
  const operation = operations.get(name);
  if (operation === undefined) report(place, `"${name}" is no operation of the contract`);
  else if (operation.kind !== 'query' || operation.input.stream || operation.output.stream) {
    report(place, `${name} must be a query without streams`);
  }
  return operation;
}

function known(
  members: ReadonlyMap<string, Member>,
  name: string,
  where: string,
  place: string,
  report: Report,
): Member | undefined {
  const member = members.get(name);
  if (member === undefined) {
    const list = [...members.keys()].join(', ') || 'none';
    report(place, `"${name}" is no member of ${where} (${list})`);
  }
  return member;
}
