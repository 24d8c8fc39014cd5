import type { Contract, EventType, Operation, Service } from '../contract.ts';
import { fullName } from '../contract.ts';
import { bindingOf } from '../http-binding.ts';
import { jsonEqual } from '../schema-tree.ts';
import { type Change, type ContractChangeKind, contractChange } from './changes.ts';
import { Place, SchemaComparison, show } from './schema-diff.ts';

/** Every difference between two versions of a contract; breaking ones first. */
export function diffContracts(before: Contract, after: Contract): Change[] {
  return new ContractComparison(before, after).run();
}

class ContractComparison {
  readonly #before: Contract;
  readonly #after: Contract;
  readonly #schemas: SchemaComparison;
  readonly #changes: Change[] = [];

  constructor(before: Contract, after: Contract) {
    this.#before = before;
    this.#after = after;
    this.#schemas = new SchemaComparison(before.$defs, after.$defs);
  }

  run(): Change[] {
    const [before, after] = [this.#before, this.#after];
    if (before.name !== after.name) {
      this.#report('contractRenamed', 'contract', 'contract', `${before.name} is ${after.name}`);
    }
    if (before.version !== after.version) {
      const words = `${before.version} became ${after.version}`;
      this.#report('versionChanged', 'contract', 'contract', words);
    }
    this.#texts('contract', 'contract', before, after);
    this.#compareErrors();
    this.#compareServices();
    this.#compareLinks();
    const all = [...this.#changes, ...this.#schemas.changes];
    return all.sort((one, other) => Number(other.breaking) - Number(one.breaking));
  }

  #report(kind: ContractChangeKind, area: Change['area'], place: string, message: string): void {
    this.#changes.push(contractChange(kind, area, place, message));
  }

  #texts(
    place: string,
    area: Change['area'],
    before: { readonly doc?: string; readonly deprecated?: string; readonly examples?: unknown },
    after: { readonly doc?: string; readonly deprecated?: string; readonly examples?: unknown },
  ): void {
    if (before.doc !== after.doc) this.#report('docChanged', area, place, 'its text changed');
    if (!jsonEqual(before.examples, after.examples)) {
      this.#report('examplesChanged', area, place, 'its examples changed');
    }
    if (after.deprecated !== undefined && after.deprecated !== before.deprecated) {
      this.#report('deprecated', area, place, `deprecated: ${after.deprecated}`);
    }
    if (after.deprecated === undefined && before.deprecated !== undefined) {
      this.#report('deprecationRemoved', area, place, 'it is not deprecated any more');
    }
  }

  #compareErrors(): void {
    for (const [name, before] of Object.entries(this.#before.errors)) {
      const after = this.#after.errors[name];
      const place = `error ${name}`;
      if (after === undefined) {
        this.#report('errorRemoved', 'call', place, 'it is not declared any more');
        continue;
      }
      this.#texts(place, 'call', before, after);
      if (before.code !== after.code) {
        this.#report('errorCodeChanged', 'call', place, `${before.code} became ${after.code}`);
      }
      if (before.message !== after.message) {
        this.#report('errorMessageChanged', 'call', place, 'its text changed');
      }
      if (before.data !== undefined && after.data !== undefined) {
        const at = new Place(`${place}, data`, 'output', 'call');
        this.#schemas.compare(before.data, after.data, at);
      } else if (before.data !== undefined) {
        this.#report('errorDataRemoved', 'call', place, 'it carries no data any more');
      } else if (after.data !== undefined) {
        this.#report('errorDataAdded', 'call', place, 'it carries data');
      }
    }
    for (const name of Object.keys(this.#after.errors)) {
      if (this.#before.errors[name] === undefined) {
        this.#report('errorAdded', 'call', `error ${name}`, 'it is new');
      }
    }
  }

  #compareServices(): void {
    const pairs = byName(this.#before.services, this.#after.services);
    for (const [name, before, after] of pairs) {
      const place = `service ${name}`;
      if (after === undefined) this.#report('serviceRemoved', 'contract', place, 'it is gone');
      else if (before === undefined) this.#report('serviceAdded', 'contract', place, 'it is new');
      else {
        this.#texts(place, 'contract', before, after);
        this.#compareOperations(before, after);
        this.#compareEvents(before, after);
      }
    }
  }

  #compareOperations(before: Service, after: Service): void {
    for (const [name, old, next] of byName(before.operations, after.operations)) {
      const place = `operation ${fullName(before, { name })}`;
      if (next === undefined) this.#report('operationRemoved', 'call', place, 'it is gone');
      else if (old === undefined) this.#report('operationAdded', 'call', place, 'it is new');
      else this.#compareOperation(place, before, after, old, next);
    }
  }

  #compareOperation(
    place: string,
    serviceBefore: Service,
    serviceAfter: Service,
    before: Operation,
    after: Operation,
  ): void {
    this.#texts(place, 'call', before, after);
    if (before.kind !== after.kind) {
      const words = `${before.kind} became ${after.kind}`;
      this.#report('operationKindChanged', 'call', place, words);
    }
    const old = bindingOf(serviceBefore, before);
    const next = bindingOf(serviceAfter, after);
    if (!jsonEqual(old, next)) {
      const words = `${old.method} ${old.path} became ${next.method} ${next.path}`;
      this.#report('httpChanged', 'call', place, words);
    }
    if (!jsonEqual(before.batch, after.batch)) {
      this.#report('batchChanged', 'call', place, 'its batch operation changed');
    }
    this.#compareLists(before.errors, after.errors, 'error', 'call', place);
    this.#compareLists(before.scopes, after.scopes, 'scope', 'call', place);
    for (const side of ['input', 'output'] as const) {
      if (before[side].stream !== after[side].stream) {
        const words = after[side].stream ? 'is a stream now' : 'is one value now';
        const kind = side === 'input' ? 'inputStreamChanged' : 'outputStreamChanged';
        this.#report(kind, 'call', `${place}, ${side}`, `its ${side} ${words}`);
      }
      const at = new Place(`${place}, ${side}`, side, 'call');
      this.#schemas.compare(before[side].schema, after[side].schema, at);
    }
  }

  #compareLinks(): void {
    const named = ({ links = [] }: Contract) =>
      links.map((link) => ({ ...link, name: `${link.type}.${link.name}` }));
    for (const [name, old, next] of byName(named(this.#before), named(this.#after))) {
      const place = `link ${name}`;
      if (next === undefined) this.#report('linkRemoved', 'call', place, 'it is gone');
      else if (old === undefined) this.#report('linkAdded', 'call', place, 'it is new');
      else {
        this.#texts(place, 'call', old, next);
        if (old.operation !== next.operation || !jsonEqual(old.input, next.input)) {
          this.#report('linkChanged', 'call', place, 'it leads to another answer');
        }
      }
    }
  }

  #compareLists(
    before: readonly string[],
    after: readonly string[],
    what: 'error' | 'scope',
    area: Change['area'],
    place: string,
  ): void {
    for (const name of before) {
      if (!after.includes(name)) this.#report(`${what}Removed`, area, place, `${what} ${name}`);
    }
    for (const name of after) {
      if (!before.includes(name)) this.#report(`${what}Added`, area, place, `${what} ${name}`);
    }
  }

  #compareEvents(before: Service, after: Service): void {
    for (const [name, old, next] of byName(before.events, after.events)) {
      const place = `event ${fullName(before, { name })}`;
      if (next === undefined) this.#report('eventRemoved', 'event', place, 'it is gone');
      else if (old === undefined) this.#report('eventAdded', 'event', place, 'it is new');
      else this.#compareEvent(place, old, next);
    }
  }

  #compareEvent(place: string, before: EventType, after: EventType): void {
    this.#texts(place, 'event', before, after);
    if (before.subject !== after.subject) {
      const words = `${before.subject} became ${after.subject}`;
      this.#report('subjectChanged', 'event', place, words);
    }
    if (before.key !== after.key) {
      const words = `key ${show(before.key)} became ${show(after.key)}`;
      this.#report('keyChanged', 'event', place, words);
    }
    this.#compareLists(before.scopes, after.scopes, 'scope', 'event', place);
    // Others subscribe to an event, and others publish it: its payload goes both ways.
    this.#schemas.compare(
      before.schema,
      after.schema,
      new Place(`${place}, received`, 'output', 'event'),
    );
    this.#schemas.compare(
      before.schema,
      after.schema,
      new Place(`${place}, published`, 'input', 'event'),
    );
  }
}

function byName<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
): [name: string, before: T | undefined, after: T | undefined][] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  const find = (list: readonly T[], name: string): T | undefined =>
    list.find((one) => one.name === name);
  return [...names].map((name) => [name, find(before, name), find(after, name)]);
}
