import type { Contract, EventType, Operation, Service } from './contract.ts';
import { fullName } from './contract.ts';
import { checkExamples } from './contract-examples.ts';
import { checkLinks } from './contract-links.ts';
import { checkSchemas } from './contract-schemas.ts';
import { isFaultCode } from './fault.ts';
import { checkBindings } from './http-binding.ts';
import { RESERVED_NAMES } from './reserved-names.ts';
import { membersOf, typesOf } from './schema-tree.ts';

/** One thing that is wrong with a contract, or that its author should know. */
export interface Problem {
  /** A contract with errors is not served; a warning is told. */
  readonly severity: 'error' | 'warning';
  /** `operation parcels.get, input` */
  readonly place: string;
  readonly message: string;
}

export type Report = (place: string, message: string, severity?: Problem['severity']) => void;

const CONTRACT_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MEMBER_NAME = /^[a-z][A-Za-z0-9]*$/;
const ERROR_NAME = /^[A-Z][A-Za-z0-9]*$/;
const TYPE_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const SCOPE = /^[^\s"\\]+$/;
/** https://semver.org, the grammar of a valid version. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/;
const MAX_NAME_LENGTH = 100;

/** Every rule that a contract's form alone does not state. */
export function checkContract(contract: Contract): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (place, message, severity = 'error') => {
    problems.push({ severity, place, message });
  };
  checkNames(contract, report);
  checkSchemas(contract, report);
  for (const service of contract.services) {
    for (const operation of service.operations) {
      checkOperation(contract, service, operation, report);
    }
    for (const event of service.events) checkEvent(contract, service, event, report);
  }
  checkBindings(contract, report);
  checkLinks(contract, report);
  checkSubjectsDiffer(contract, report);
  // Examples are only worth a look where the schemas are sound.
  if (!problems.some(({ severity }) => severity === 'error')) checkExamples(contract, report);
  return problems;
}

function checkNames(contract: Contract, report: Report): void {
  const name = (place: string, text: string, pattern: RegExp, rule: string): void => {
    if (!pattern.test(text)) report(place, `the name "${text}" must be ${rule}`);
    else if (text.length > MAX_NAME_LENGTH) {
      report(place, `the name is longer than ${MAX_NAME_LENGTH} characters`);
    }
  };
  const lowerCamel = 'lower camel case: a lower-case letter, then letters and digits';
  name(
    'contract',
    contract.name,
    CONTRACT_NAME,
    'lower-case letters, digits and single hyphens, and begin with a letter',
  );
  if (!SEMVER.test(contract.version)) {
    report('contract', `the version "${contract.version}" must be SemVer, such as 1.0.0`);
  }
  for (const [error, declared] of Object.entries(contract.errors)) {
    name(`error ${error}`, error, ERROR_NAME, 'PascalCase: a capital, then letters and digits');
    if (!isFaultCode(declared.code)) {
      report(`error ${error}`, `"${String(declared.code)}" is none of the sixteen fault codes`);
    }
  }
  for (const type of Object.keys(contract.$defs)) {
    name(`type ${type}`, type, TYPE_NAME, 'a letter, then letters, digits and underscores');
  }
  const services = new Set<string>();
  const joined = new Map<string, string>();
  for (const service of contract.services) {
    name(`service ${service.name}`, service.name, MEMBER_NAME, lowerCamel);
    if (services.has(service.name)) report(`service ${service.name}`, 'this name is used twice');
    services.add(service.name);
    const reserved = RESERVED_NAMES.get(service.name);
    if (reserved !== undefined) {
      report(`service ${service.name}`, `this name is reserved: ${reserved}`);
    }
    for (const member of [...service.operations, ...service.events]) {
      const full = fullName(service, member);
      name(full, member.name, MEMBER_NAME, lowerCamel);
      // `orders.getAll` and `ordersGet.all` would share one name where names have no dots.
      const flat = service.name + member.name.charAt(0).toUpperCase() + member.name.slice(1);
      const other = joined.get(flat);
      if (other === full) report(full, 'this name is used twice in its service');
      else if (other !== undefined) {
        report(full, `it reads "${flat}" where names have no dots, and so does ${other}`);
      }
      joined.set(flat, full);
    }
  }
}

function checkOperation(
  contract: Contract,
  service: Service,
  operation: Operation,
  report: Report,
): void {
  const place = `operation ${fullName(service, operation)}`;
  for (const error of operation.errors) {
    if (!Object.hasOwn(contract.errors, error)) {
      const known = Object.keys(contract.errors);
      report(
        place,
        `the error "${error}" is not declared in the contract's errors${
          known.length === 0 ? '' : ` (${known.join(', ')})`
        }`,
      );
    }
  }
  checkDistinct(operation.errors, `${place}, errors`, report);
  checkScopes(operation.scopes, place, report);
  checkDistinct(
    operation.examples.map(({ name }) => name),
    `${place}, examples`,
    report,
  );
  if (!operation.input.stream) {
    const types = typesOf(operation.input.schema, contract.$defs);
    if (types === undefined || types.size !== 1 || !types.has('object')) {
      report(
        `${place}, input`,
        `an input that is no stream must be an object schema${
          types === undefined ? '' : `, not ${[...types].join(' or ') || 'nothing'}`
        }: put the value into a member`,
      );
    }
  }
}

function checkScopes(scopes: readonly string[], place: string, report: Report): void {
  for (const scope of scopes) {
    if (!SCOPE.test(scope)) {
      report(place, `the scope "${scope}" must have no spaces, quotes or backslashes (RFC 6749)`);
    }
  }
  checkDistinct(scopes, `${place}, scopes`, report);
}

function checkDistinct(names: readonly string[], place: string, report: Report): void {
  const seen = new Set<string>();
  for (const one of names) {
    if (seen.has(one)) report(place, `"${one}" is there twice`);
    seen.add(one);
  }
}

const SCALARS = new Set(['string', 'number', 'integer', 'boolean']);
const MEMBER_LEVEL = /^\{(.+)\}$/;

function checkEvent(contract: Contract, service: Service, event: EventType, report: Report): void {
  const place = `event ${fullName(service, event)}`;
  checkScopes(event.scopes, place, report);
  const members = membersOf(event.schema, contract.$defs);
  const checkMember = (name: string, use: string): void => {
    const member = members.get(name);
    if (member === undefined) {
      const known = [...members.keys()].join(', ') || 'none';
      report(place, `${use} names "${name}", which is no member of the payload (${known})`);
      return;
    }
    if (!member.required) report(place, `${use} names "${name}", which must be required`);
    const types = typesOf(member.schema, contract.$defs);
    if (types === undefined || ![...types].every((type) => SCALARS.has(type))) {
      report(place, `${use} names "${name}", which must be a string, number or boolean`);
    }
  };
  for (const level of event.subject.split('.')) {
    const member = MEMBER_LEVEL.exec(level)?.[1];
    if (member !== undefined) checkMember(member, `the subject "${event.subject}"`);
    else if (level === '') report(place, `the subject "${event.subject}" has an empty level`);
    else if (/[{}*>\s]/.test(level)) {
      report(
        place,
        `the level "${level}" of the subject "${event.subject}" must be plain text or one whole {member}`,
      );
    }
  }
  if (event.key !== undefined) checkMember(event.key, 'the key');
}

function checkSubjectsDiffer(contract: Contract, report: Report): void {
  const seen = new Map<string, string>();
  for (const service of contract.services) {
    for (const event of service.events) {
      const shape = event.subject.replace(/\{[^}]*\}/g, '{}');
      const full = fullName(service, event);
      const other = seen.get(shape);
      if (other !== undefined) {
        report(`event ${full}`, `the subject "${event.subject}" is that of ${other} too`);
      }
      seen.set(shape, full);
    }
  }
}
