import { Fault } from '../../../model/fault.ts';
import { pointerStep } from '../../../model/schema-tree.ts';
import type { XmlElement } from '../../../wire/xml/element.ts';
import {
  isNil,
  requireElementsOnly,
  requireKnownAttributes,
  requireType,
} from './element-rules.ts';
import { STRING } from './lexical.ts';
import { Misfit, shown, shownName } from './misfit.ts';
import type { SimpleType } from './simple-type.ts';
import {
  type AttachmentSink,
  type IncludeSource,
  NIL,
  type Particle,
  type QualifiedName,
  type Tag,
  type TypeBehaviour,
} from './xml-type.ts';

export interface AttributeParticle {
  readonly member: string;
  readonly name: string;
  readonly type: SimpleType;
  readonly required: boolean;
  readonly nullable: boolean;
  readonly documentation: string | undefined;
}

/** Members without a name of their own in the schema: `<entry><key>k</key><value>v</value></entry>`
 * behind the named ones. */
export interface EntryParticle {
  readonly namespace: string;
  readonly name: string;
  readonly tag: Tag;
  readonly key: Particle;
  readonly value: Particle;
}

/** An object: its members in the order of the schema, as elements or attributes. */
export class ObjectType implements TypeBehaviour {
  readonly kind = 'object';
  readonly typeName: QualifiedName | undefined;
  /** Of its elements, where they have none of their own. */
  readonly namespace: string;
  // Filled in after it is made: types may contain themselves.
  particles: readonly Particle[] = [];
  attributes: ReadonlyMap<string, AttributeParticle> = new Map();
  entry: EntryParticle | undefined;

  constructor(typeName: QualifiedName | undefined, namespace: string) {
    this.typeName = typeName;
    this.namespace = namespace;
  }

  read(element: XmlElement, includes: IncludeSource | undefined): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    if (element.attributes.length > 0) {
      requireKnownAttributes(element, this.attributes);
      if (this.typeName !== undefined) {
        requireType(element, this.typeName.namespace, this.typeName.name);
      }
    }
    if (this.attributes.size > 0) this.#readAttributes(element, value);
    requireElementsOnly(element);
    const { children } = element;
    let index = 0;
    for (const particle of this.particles) {
      const { name, namespace } = particle;
      const first = children[index];
      if (first === undefined || first.name !== name || first.namespace !== namespace) {
        if (particle.repeated !== undefined) {
          if (particle.repeated.min > 0) throw missing(element, particle, first);
          if (!particle.optional) value[particle.member] = [];
        } else if (!particle.optional) throw missing(element, particle, first);
        continue;
      }
      if (particle.repeated !== undefined) {
        index = this.#readRepeated(particle, children, index, value, includes);
      } else {
        value[particle.member] = readParticle(first, particle, particle.member, includes);
        index++;
      }
    }
    if (index < children.length) this.#readEntries(element, children, index, value, includes);
    return value;
  }

  #readAttributes(element: XmlElement, value: Record<string, unknown>): void {
    for (const { name, member, type, required, nullable } of this.attributes.values()) {
      const text = element.attribute(name);
      if (text !== undefined) {
        try {
          value[member] = type.readAttribute(element, text);
        } catch (error) {
          throw error instanceof Misfit ? error.within(pointerStep(member)) : error;
        }
      } else if (required && !nullable) {
        throw new Misfit(element, `the attribute ${name}`, 'none').within(pointerStep(member));
      } else if (required) value[member] = null;
    }
  }

  #readRepeated(
    particle: Particle,
    children: readonly XmlElement[],
    from: number,
    value: Record<string, unknown>,
    includes: IncludeSource | undefined,
  ): number {
    const { name, namespace, member } = particle;
    const items: unknown[] = [];
    let index = from;
    for (; index < children.length; index++) {
      const child = children[index]!;
      if (child.name !== name || child.namespace !== namespace) break;
      try {
        items.push(readParticle(child, particle, items.length, includes));
      } catch (error) {
        throw error instanceof Misfit ? error.within(pointerStep(member)) : error;
      }
    }
    value[member] = items;
    return index;
  }

  #readEntries(
    element: XmlElement,
    children: readonly XmlElement[],
    from: number,
    value: Record<string, unknown>,
    includes: IncludeSource | undefined,
  ): void {
    for (let index = from; index < children.length; index++) {
      const child = children[index]!;
      const { entry } = this;
      if (entry === undefined || !child.is(entry.namespace, entry.name)) {
        throw new Misfit(
          child,
          this.#expectedAt(element, index),
          `${shownName(child)}${namespaceNote(child, this.namespace)}`,
        );
      }
      requireKnownAttributes(child);
      requireElementsOnly(child);
      const [key, item, extra] = child.children;
      if (key === undefined || !key.is(entry.key.namespace, 'key')) {
        throw new Misfit(
          child,
          'the element <key> first',
          key === undefined ? 'nothing' : shownName(key),
        );
      }
      const name = String(readParticle(key, entry.key, 'key', undefined));
      if (item === undefined || extra !== undefined || !item.is(entry.value.namespace, 'value')) {
        throw new Misfit(
          child,
          '<key> and one <value>',
          `${child.children.length} elements`,
        ).within(pointerStep(name));
      }
      if (name === '__proto__' || Object.hasOwn(value, name)) {
        throw new Misfit(key, 'a key that is not there yet', shown(name));
      }
      value[name] = readParticle(item, entry.value, name, includes);
    }
  }

  #expectedAt(element: XmlElement, index: number): string {
    const before = index === 0 ? undefined : element.children[index - 1];
    const place = this.particles.findIndex(
      (one) =>
        before !== undefined && one.name === before.name && one.namespace === before.namespace,
    );
    const next = this.particles.slice(place + 1, place + 6).map((one) => `<${one.name}>`);
    if (this.entry !== undefined) next.push(`<${this.entry.name}>`);
    const where = before === undefined ? 'at the beginning' : `behind ${shownName(before)}`;
    return next.length === 0 ? `nothing more ${where}` : `${next.join(' or ')} ${where}`;
  }

  write(tag: Tag, value: unknown, sink: AttachmentSink | undefined): string {
    if (typeof value !== 'object' || value === null) throw notAnObject();
    const members = value as Readonly<Record<string, unknown>>;
    let text = tag.open;
    if (this.attributes.size > 0) {
      for (const { name, member, type } of this.attributes.values()) {
        const one = members[member];
        if (one !== undefined && one !== null) text += ` ${name}="${type.writeAttribute(one)}"`;
      }
    }
    text += '>';
    for (const particle of this.particles) {
      const one = members[particle.member];
      if (one !== undefined) text += writeParticle(particle, one, sink);
    }
    if (this.entry !== undefined) text += this.#writeEntries(this.entry, members, sink);
    return text + tag.close;
  }

  #writeEntries(
    entry: EntryParticle,
    members: Readonly<Record<string, unknown>>,
    sink: AttachmentSink | undefined,
  ): string {
    const named = (this.#named ??= new Set([
      ...this.particles.map(({ member }) => member),
      ...[...this.attributes.values()].map(({ member }) => member),
    ]));
    let text = '';
    for (const [name, one] of Object.entries(members)) {
      if (one === undefined || named.has(name)) continue;
      const key = writeParticle(entry.key, STRING.print(name), sink);
      text += `${entry.tag.open}>${key}${writeParticle(entry.value, one, sink)}${entry.tag.close}`;
    }
    return text;
  }

  #named: ReadonlySet<string> | undefined;
}

/** The value of an element by its declaration. */
export function readParticle(
  element: XmlElement,
  particle: Particle,
  step: string | number,
  includes: IncludeSource | undefined,
): unknown {
  try {
    if (isNil(element, particle.nillable)) return null;
    return particle.type.read(element, includes);
  } catch (error) {
    throw error instanceof Misfit ? error.within(pointerStep(step)) : error;
  }
}

export function writeParticle(
  particle: Particle,
  value: unknown,
  sink: AttachmentSink | undefined,
): string {
  if (particle.repeated === undefined) return writeOne(particle, value, sink);
  if (!Array.isArray(value)) return value === null ? '' : writeOne(particle, value, sink);
  let text = '';
  for (const item of value) text += writeOne(particle, item, sink);
  return text;
}

function writeOne(particle: Particle, value: unknown, sink: AttachmentSink | undefined): string {
  if (value === null && particle.type.kind !== 'json') {
    return particle.nillable ? particle.tag.open + NIL : '';
  }
  return particle.type.write(particle.tag, value, sink);
}

function missing(element: XmlElement, particle: Particle, found: XmlElement | undefined): Misfit {
  const received =
    found === undefined
      ? 'its end'
      : `${shownName(found)}${namespaceNote(found, particle.namespace)}`;
  return new Misfit(element, `the element <${particle.name}>`, received).within(
    pointerStep(particle.member),
  );
}

/** The most frequent mistake deserves its own words. */
function namespaceNote(found: XmlElement, wanted: string): string {
  if (found.namespace === wanted) return '';
  const own = found.namespace === '' ? 'no namespace' : `the namespace ${shown(found.namespace)}`;
  return ` of ${own} (expected ${shown(wanted)})`;
}

function notAnObject(): Fault {
  return new Fault(
    'INTERNAL',
    'The answer cannot be written as XML: an object was due, and the handler answered something else.',
  );
}
