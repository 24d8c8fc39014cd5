import { XmlWriter } from '../../wire/xml/writer.ts';
import { JSON_VALUE, XSD } from './namespaces.ts';
import type { ServicePlan } from './plan.ts';
import type { Typed } from './types/compile.ts';
import type { AttributeParticle, EntryParticle } from './types/object-type.ts';
import type { SimpleType } from './types/simple-type.ts';
import type { Particle, QualifiedName, XmlType } from './types/xml-type.ts';

/** Where a schema of another namespace is found; absent where they are all in one document. */
export type Location = (namespace: string) => string;

/** The namespaces of a service's schemas, its own first. */
export function schemaNamespaces(plan: ServicePlan): readonly string[] {
  return plan.types.prefixes.namespaces;
}

/** `<xs:schema>` of one namespace: its named types, the elements of messages and faults, and the
 * elements that types of other namespaces refer to.
 * @param declared names that the same document has already, and gets by this */
export function writeSchema(
  writer: XmlWriter,
  plan: ServicePlan,
  namespace: string,
  location?: Location,
  declared: Set<string> = new Set(),
): void {
  if (namespace === JSON_VALUE && declared.has(JSON_VALUE)) return;
  const { prefixes } = plan.types;
  const declarations: Record<string, string> = { 'xmlns:xs': XSD };
  for (const one of prefixes.namespaces) declarations[`xmlns:${prefixes.of(one)}`] = one;
  writer.open('xs:schema', {
    ...declarations,
    targetNamespace: namespace,
    elementFormDefault: 'qualified',
  });
  for (const other of prefixes.namespaces) {
    if (other === namespace) continue;
    writer.element('xs:import', { namespace: other, schemaLocation: location?.(other) });
  }
  if (namespace === JSON_VALUE) {
    declared.add(JSON_VALUE);
    writeJsonTypes(writer, prefixes.of(JSON_VALUE));
  } else new SchemaWriter(writer, plan, namespace, declared).write();
  writer.close();
}

/** One schema as a document. */
export function schemaDocument(plan: ServicePlan, namespace: string, location?: Location): string {
  const writer = new XmlWriter();
  writeSchema(writer, plan, namespace, location);
  return writer.toString();
}

class SchemaWriter {
  readonly #writer: XmlWriter;
  readonly #plan: ServicePlan;
  readonly #namespace: string;
  readonly #declared: Set<string>;

  constructor(writer: XmlWriter, plan: ServicePlan, namespace: string, declared: Set<string>) {
    this.#writer = writer;
    this.#plan = plan;
    this.#namespace = namespace;
    this.#declared = declared;
  }

  /** Whether the name is to be declared here: it is of this namespace, and not declared yet. */
  #isOwn(kind: 'type' | 'element', { namespace, name }: QualifiedName): boolean {
    const key = `${kind} {${namespace}}${name}`;
    if (namespace !== this.#namespace || this.#declared.has(key)) return false;
    this.#declared.add(key);
    return true;
  }

  write(): void {
    const { types, namespace, operations, errors } = this.#plan;
    for (const type of types.named) {
      const { typeName } = type;
      if (typeName !== undefined && this.#isOwn('type', typeName)) this.#type(type, typeName.name);
    }
    for (const particle of types.globals.values()) {
      if (this.#isOwn('element', particle)) this.#global(particle.name, particle);
    }
    if (namespace !== this.#namespace) return;
    for (const { input, output } of operations.values()) {
      this.#global(input.name, input);
      if (output !== undefined) this.#response(output.name, output.result);
    }
    for (const { name, typed, documentation } of errors) {
      this.#global(name, { ...(typed ?? {}), documentation });
    }
  }

  #global(
    name: string,
    element: Partial<Typed> & { readonly documentation?: string | undefined },
  ): void {
    const nillable = element.nillable === true ? 'true' : undefined;
    const { type, documentation } = element;
    this.#element({ name, nillable }, type, documentation);
  }

  #response(name: string, result: Particle | undefined): void {
    this.#writer.open('xs:element', { name }).open('xs:complexType').open('xs:sequence');
    if (result !== undefined) this.#particle(result);
    this.#writer.close().close().close();
  }

  /** An element declaration; without a type it is empty. */
  #element(
    attributes: Readonly<Record<string, string | undefined>>,
    type: XmlType | undefined,
    documentation: string | undefined,
  ): void {
    const reference = type === undefined ? undefined : this.#reference(type);
    if (reference !== undefined && documentation === undefined) {
      this.#writer.element('xs:element', { ...attributes, type: reference });
      return;
    }
    this.#writer.open('xs:element', { ...attributes, type: reference });
    this.#documentation(documentation);
    if (type === undefined) this.#writer.element('xs:complexType');
    else if (reference === undefined) this.#type(type, undefined);
    this.#writer.close();
  }

  #particle(particle: Particle): void {
    const { name, namespace, type, nillable, documentation } = particle;
    const occurs = occurrence(particle);
    if (namespace !== this.#namespace && this.#isGlobal(particle)) {
      this.#writer.element('xs:element', { ref: this.#qualified(particle), ...occurs });
      return;
    }
    this.#element(
      { name, ...occurs, nillable: nillable ? 'true' : undefined },
      type,
      documentation,
    );
  }

  #isGlobal({ namespace, name }: Particle): boolean {
    return this.#plan.types.globals.has(`{${namespace}}${name}`);
  }

  #qualified({ namespace, name }: QualifiedName): string {
    return `${this.#plan.types.prefixes.of(namespace)}:${name}`;
  }

  /** The name by which a type is referred to; undefined for one that is written in place. */
  #reference(type: XmlType): string | undefined {
    if (type.typeName !== undefined) return this.#qualified(type.typeName);
    if (type.kind === 'simple' && type.facets.length === 0) return `xs:${type.lexical.base}`;
    return undefined;
  }

  #type(type: XmlType, name: string | undefined): void {
    if (type.kind === 'simple') {
      this.#simple(type, name);
      return;
    }
    const writer = this.#writer.open('xs:complexType', { name });
    switch (type.kind) {
      case 'object':
        writer.open('xs:sequence');
        for (const particle of type.particles) this.#particle(particle);
        if (type.entry !== undefined) this.#entry(type.entry);
        writer.close();
        for (const attribute of type.attributes.values()) this.#attribute(attribute);
        break;
      case 'list':
        writer.open('xs:sequence');
        this.#particle({ ...type.item, repeated: type.occurrence });
        writer.close();
        break;
      case 'choice':
        writer.open('xs:choice');
        for (const { particle } of type.branches) this.#particle(particle);
        writer.close();
        break;
      case 'json':
        break;
    }
    writer.close();
  }

  #simple(type: SimpleType, name: string | undefined): void {
    const writer = this.#writer.open('xs:simpleType', { name });
    writer.open('xs:restriction', { base: `xs:${type.lexical.base}` });
    for (const [facet, value] of type.facets) writer.element(`xs:${facet}`, { value });
    writer.close().close();
  }

  #attribute({ name, type, required, nullable, documentation }: AttributeParticle): void {
    const reference = this.#reference(type);
    const use = required && !nullable ? 'required' : 'optional';
    this.#writer.open('xs:attribute', { name, type: reference, use });
    this.#documentation(documentation);
    if (reference === undefined) this.#simple(type, undefined);
    this.#writer.close();
  }

  #entry({ name, key, value }: EntryParticle): void {
    const writer = this.#writer;
    writer.open('xs:element', { name, minOccurs: 0, maxOccurs: 'unbounded' });
    writer.open('xs:complexType').open('xs:sequence');
    this.#particle(key);
    this.#particle(value);
    writer.close().close().close();
  }

  #documentation(text: string | undefined): void {
    if (text === undefined) return;
    this.#writer.open('xs:annotation').element('xs:documentation', {}, writable(text)).close();
  }
}

function occurrence({ optional, repeated }: Particle): Record<string, string | undefined> {
  const min = repeated === undefined ? 1 : repeated.min;
  const max = repeated?.max ?? 1;
  const least = optional ? 0 : min;
  return {
    minOccurs: least === 1 ? undefined : String(least),
    maxOccurs: max === 1 ? undefined : max === Number.POSITIVE_INFINITY ? 'unbounded' : String(max),
  };
}

/** A description may hold what XML cannot. */
export function writable(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD');
}

/** Any JSON value: `<object><member name="a"><number>1</number></member></object>`. */
function writeJsonTypes(writer: XmlWriter, prefix: string): void {
  const choice = () => {
    writer.open('xs:choice');
    writer.open('xs:element', { name: 'null' }).element('xs:complexType').close();
    writer.element('xs:element', { name: 'boolean', type: 'xs:boolean' });
    writer.element('xs:element', { name: 'number', type: 'xs:double' });
    writer.element('xs:element', { name: 'string', type: 'xs:string' });
    writer.element('xs:element', { name: 'array', type: `${prefix}:Array` });
    writer.element('xs:element', { name: 'object', type: `${prefix}:Object` });
    writer.close();
  };
  const many = (typeName: string, name: string, type: string) => {
    writer.open('xs:complexType', { name: typeName }).open('xs:sequence');
    const any = { minOccurs: 0, maxOccurs: 'unbounded' };
    writer.element('xs:element', { name, type: `${prefix}:${type}`, ...any });
    writer.close().close();
  };
  writer.nest('xs:complexType', { name: 'Value' }, choice);
  many('Array', 'item', 'Value');
  many('Object', 'member', 'Member');
  writer.open('xs:complexType', { name: 'Member' });
  choice();
  writer.element('xs:attribute', { name: 'name', type: 'xs:string', use: 'required' }).close();
}
