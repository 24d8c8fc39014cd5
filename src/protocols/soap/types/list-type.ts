import { Fault } from '../../../model/fault.ts';
import type { XmlElement } from '../../../wire/xml/element.ts';
import { requireElementsOnly, requireKnownAttributes, requireType } from './element-rules.ts';
import { Misfit, shownName } from './misfit.ts';
import { readParticle, writeParticle } from './object-type.ts';
import type {
  AttachmentSink,
  IncludeSource,
  Occurrence,
  Particle,
  QualifiedName,
  Tag,
  TypeBehaviour,
} from './xml-type.ts';

/** An array with an element around it: where it may be absent or null, or is an item itself. */
export class ListType implements TypeBehaviour {
  readonly kind = 'list';
  readonly typeName: QualifiedName | undefined;
  readonly namespace: string;
  readonly occurrence: Occurrence;
  /** Set after it is made: types may contain themselves. */
  item!: Particle;

  constructor(typeName: QualifiedName | undefined, namespace: string, occurrence: Occurrence) {
    this.typeName = typeName;
    this.namespace = namespace;
    this.occurrence = occurrence;
  }

  read(element: XmlElement, includes: IncludeSource | undefined): unknown[] {
    if (element.attributes.length > 0) {
      requireKnownAttributes(element);
      if (this.typeName !== undefined) {
        requireType(element, this.typeName.namespace, this.typeName.name);
      }
    }
    requireElementsOnly(element);
    return element.children.map((child, index) => {
      if (!child.is(this.item.namespace, this.item.name)) {
        throw new Misfit(child, `<${this.item.name}>`, shownName(child));
      }
      return readParticle(child, this.item, index, includes);
    });
  }

  write(tag: Tag, value: unknown, sink: AttachmentSink | undefined): string {
    if (!Array.isArray(value)) {
      throw new Fault(
        'INTERNAL',
        'The answer cannot be written as XML: a list was due, and the handler answered something else.',
      );
    }
    let text = `${tag.open}>`;
    for (const item of value) text += writeParticle(this.item, item, sink);
    return text + tag.close;
  }
}
