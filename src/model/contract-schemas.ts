import type { Contract } from './contract.ts';
import { fullName } from './contract.ts';
import type { Report } from './contract-rules.ts';
import type { JsonSchema } from './schema.ts';
import { definitionName, isSchema, isSchemaObject, subschemas } from './schema-tree.ts';
import { isExponential } from './validation/patterns.ts';

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']);
/** Members that every JavaScript object seems to have: a check for them would lie. */
const TRAPS = new Set(Object.getOwnPropertyNames(Object.prototype));
const MAX_DEPTH = 64;

/** Every schema of a contract with the place it stands at. */
export function contractSchemas(contract: Contract): [place: string, schema: JsonSchema][] {
  const all: [string, JsonSchema][] = [];
  for (const [name, schema] of Object.entries(contract.$defs)) all.push([`type ${name}`, schema]);
  for (const [name, { data }] of Object.entries(contract.errors)) {
    if (data !== undefined) all.push([`error ${name}, data`, data]);
  }
  for (const service of contract.services) {
    for (const operation of service.operations) {
      const place = `operation ${fullName(service, operation)}`;
      all.push([`${place}, input`, operation.input.schema]);
      all.push([`${place}, output`, operation.output.schema]);
    }
    for (const event of service.events) {
      all.push([`event ${fullName(service, event)}, payload`, event.schema]);
    }
  }
  return all;
}

/** That every schema is one, its references lead somewhere, and its patterns can be run. */
export function checkSchemas(contract: Contract, report: Report): void {
  for (const [place, schema] of contractSchemas(contract)) {
    checkSchema(schema, place, '', contract, report, 0);
  }
  for (const name of Object.keys(contract.$defs)) {
    if (refersToItself(name, contract)) {
      report(`type ${name}`, 'it refers to itself without anything in between: no value ends it');
    }
  }
}

function checkSchema(
  schema: JsonSchema,
  place: string,
  path: string,
  contract: Contract,
  report: Report,
  depth: number,
): void {
  const at = path === '' ? place : `${place} at ${path}`;
  if (typeof schema === 'boolean') return;
  if (!isSchemaObject(schema)) {
    report(at, 'a schema must be an object, true or false');
    return;
  }
  if (depth > MAX_DEPTH) {
    report(at, `the schema is nested deeper than ${MAX_DEPTH} levels`);
    return;
  }
  checkReference(schema.$ref, at, contract, report);
  checkKeywords(schema, at, report);
  for (const [steps, part] of subschemas(schema)) {
    checkSchema(part, place, `${path}/${steps.join('/')}`, contract, report, depth + 1);
  }
}

function checkReference(reference: unknown, at: string, contract: Contract, report: Report): void {
  if (reference === undefined) return;
  const name = definitionName(reference);
  if (name === undefined) {
    report(at, `the reference ${JSON.stringify(reference)} must read "#/$defs/Name"`);
  } else if (!Object.hasOwn(contract.$defs, name)) {
    report(at, `the reference "${String(reference)}" leads to no type of the contract`);
  }
}

const UNSUPPORTED = ['$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$anchor', '$id', '$defs'];
const BOUNDS = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minContains',
  'maxContains',
] as const;
const NUMBERS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

function checkKeywords(schema: Record<string, unknown>, at: string, report: Report): void {
  for (const keyword of UNSUPPORTED) {
    if (schema[keyword] !== undefined) {
      report(at, `"${keyword}" cannot stand here: name types in the contract's $defs`);
    }
  }
  const types = schema.type === undefined ? [] : [schema.type].flat();
  for (const type of types) {
    if (typeof type !== 'string' || !TYPES.has(type)) {
      report(at, `${JSON.stringify(type)} is no JSON type (${[...TYPES].join(', ')})`);
    }
  }
  for (const keyword of BOUNDS) {
    const value = schema[keyword];
    if (value !== undefined && (!Number.isSafeInteger(value) || (value as number) < 0)) {
      report(at, `"${keyword}" must be a whole number, zero or more`);
    }
  }
  for (const keyword of NUMBERS) {
    if (schema[keyword] !== undefined && !Number.isFinite(schema[keyword])) {
      report(at, `"${keyword}" must be a number`);
    }
  }
  if (schema.multipleOf !== undefined && !((schema.multipleOf as number) > 0)) {
    report(at, '"multipleOf" must be a number above zero');
  }
  if (schema.enum !== undefined && !(Array.isArray(schema.enum) && schema.enum.length > 0)) {
    report(at, '"enum" must list at least one value');
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf', 'prefixItems'] as const) {
    const value = schema[keyword];
    if (value === undefined) continue;
    if (!Array.isArray(value) || value.length === 0 || !value.every(isSchema)) {
      report(at, `"${keyword}" must list at least one schema`);
    }
  }
  checkMembers(schema, at, report);
  checkPatterns(schema, at, report);
}

function checkMembers(schema: Record<string, unknown>, at: string, report: Report): void {
  const { properties, required } = schema;
  if (properties !== undefined) {
    if (!isSchemaObject(properties) || !Object.values(properties).every(isSchema)) {
      report(at, '"properties" must be schemas by name');
    } else {
      for (const name of Object.keys(properties)) {
        if (TRAPS.has(name)) report(at, `the member name "${name}" is not allowed`);
      }
    }
  }
  if (required === undefined) return;
  if (!Array.isArray(required) || !required.every((name) => typeof name === 'string')) {
    report(at, '"required" must list names');
    return;
  }
  for (const name of required) {
    if (TRAPS.has(name)) report(at, `the member name "${name}" is not allowed`);
  }
}

function checkPatterns(schema: Record<string, unknown>, at: string, report: Report): void {
  const patterns = isSchemaObject(schema.patternProperties)
    ? Object.keys(schema.patternProperties)
    : [];
  if (schema.pattern !== undefined) patterns.push(String(schema.pattern));
  for (const pattern of patterns) {
    try {
      new RegExp(pattern, 'u');
      if (isExponential(pattern)) {
        report(
          at,
          `the pattern ${pattern} repeats a repetition, or alternatives that overlap: some texts would keep the process busy for ever; put something fixed between the repetitions, or join the alternatives`,
        );
      }
    } catch (error) {
      report(at, `the pattern ${pattern} cannot be used: ${(error as Error).message}`);
    }
  }
}

/** Whether a type leads back to itself through references and combinations alone. */
function refersToItself(name: string, contract: Contract): boolean {
  const seen = new Set<string>();
  const visit = (schema: JsonSchema | undefined): boolean => {
    if (schema === undefined || typeof schema === 'boolean' || !isSchemaObject(schema)) {
      return false;
    }
    const target = definitionName(schema.$ref);
    if (target !== undefined) {
      if (target === name) return true;
      if (!seen.has(target)) {
        seen.add(target);
        if (visit(contract.$defs[target])) return true;
      }
    }
    for (const [[keyword], part] of subschemas(schema)) {
      if (IN_PLACE.has(keyword!) && visit(part)) return true;
    }
    return false;
  };
  return visit(contract.$defs[name]);
}

/** Keywords whose schemas look at the same value. */
const IN_PLACE = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
]);
