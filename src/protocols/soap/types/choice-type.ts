import { Fault } from '../../../model/fault.ts';
import type { XmlElement } from '../../../wire/xml/element.ts';
import { requireElementsOnly, requireKnownAttributes, requireType } from './element-rules.ts';
import { Misfit, shownName } from './misfit.ts';
import { readParticle, writeParticle } from './object-type.ts';
import type {
  AttachmentSink,
  IncludeSource,
  Particle,
  QualifiedName,
  Tag,
  TypeBehaviour,
} from './xml-type.ts';

export interface Branch {
  readonly particle: Particle;
  /** Whether a value is of this branch. */
  matches(value: unknown): boolean;
}

/** A union: one element that says which branch, with its value. */
export class ChoiceType implements TypeBehaviour {
  readonly kind = 'choice';
  readonly typeName: QualifiedName | undefined;
  readonly namespace: string;
  /** Set after it is made: types may contain themselves. */
  branches: readonly Branch[] = [];

  constructor(typeName: QualifiedName | undefined, namespace: string) {
    this.typeName = typeName;
    this.namespace = namespace;
  }

  read(element: XmlElement, includes: IncludeSource | undefined): unknown {
    if (element.attributes.length > 0) {
      requireKnownAttributes(element);
      if (this.typeName !== undefined) {
        requireType(element, this.typeName.namespace, this.typeName.name);
      }
    }
    requireElementsOnly(element);
    const [child, extra] = element.children;
    const branch = this.branches.find(({ particle }) =>
      child?.is(particle.namespace, particle.name),
    );
    if (child === undefined || branch === undefined || extra !== undefined) {
      const names = this.branches.slice(0, 20).map(({ particle }) => `<${particle.name}>`);
      const wrong = branch === undefined ? child : extra;
      throw new Misfit(
        element,
        `one of ${names.join(', ')}`,
        wrong === undefined ? 'nothing' : shownName(wrong),
      );
    }
    try {
      return readParticle(child, branch.particle, '', includes);
    } catch (error) {
      // The branch is no level of the value.
      if (error instanceof Misfit) error.path = error.path.slice(1);
      throw error;
    }
  }

  write(tag: Tag, value: unknown, sink: AttachmentSink | undefined): string {
    const branch = this.branches.find((one) => one.matches(value));
    if (branch === undefined) {
      throw new Fault(
        'INTERNAL',
        'The answer cannot be written as XML: it is of none of the forms that its schema has.',
      );
    }
    return `${tag.open}>${writeParticle(branch.particle, value, sink)}${tag.close}`;
  }
}
