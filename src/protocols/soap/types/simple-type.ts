import { Fault } from '../../../model/fault.ts';
import type { XmlElement } from '../../../wire/xml/element.ts';
import { escapeAttribute, escapeText } from '../../../wire/xml/writer.ts';
import { XOP, XSD } from '../namespaces.ts';
import { requireKnownAttributes, requireTextOnly, requireType } from './element-rules.ts';
import type { Lexical } from './lexical.ts';
import { Misfit, shown } from './misfit.ts';
import type {
  AttachmentSink,
  IncludeSource,
  QualifiedName,
  Tag,
  TypeBehaviour,
} from './xml-type.ts';

/** A facet of XSD, as name and value: `maxLength`, `20`. */
export type Facet = readonly [name: string, value: string];

/** Text: a string, number, boolean, date or bytes. */
export class SimpleType implements TypeBehaviour {
  readonly kind = 'simple';
  readonly lexical: Lexical;
  readonly facets: readonly Facet[];
  readonly typeName: QualifiedName | undefined;
  /** What came is not repeated in messages. */
  readonly #secret: boolean;
  readonly #binary: boolean;

  constructor(
    lexical: Lexical,
    facets: readonly Facet[],
    typeName: QualifiedName | undefined,
    secret: boolean,
  ) {
    this.lexical = lexical;
    this.facets = facets;
    this.typeName = typeName;
    this.#secret = secret;
    this.#binary = lexical.base === 'base64Binary';
  }

  read(element: XmlElement, includes: IncludeSource | undefined): unknown {
    if (element.attributes.length > 0) {
      requireKnownAttributes(element);
      const declared = this.typeName ?? { namespace: XSD, name: this.lexical.base };
      requireType(element, declared.namespace, declared.name);
    }
    if (element.children.length > 0) {
      const [child] = element.children;
      if (this.#binary && includes !== undefined && child!.is(XOP, 'Include')) {
        if (element.children.length === 1 && element.isTextBlank) return includes.take(child!);
      }
      requireTextOnly(element);
    }
    return this.#parse(element, element.text);
  }

  /** The value of an attribute of an element. */
  readAttribute(element: XmlElement, text: string): unknown {
    return this.#parse(element, text);
  }

  #parse(element: XmlElement, text: string): unknown {
    const value = this.lexical.parse(text);
    if (value !== undefined) return value;
    const received = this.#secret ? 'another text, which is not shown' : shown(text);
    throw new Misfit(element, this.lexical.expected, received);
  }

  write(tag: Tag, value: unknown, sink: AttachmentSink | undefined): string {
    const text = this.#print(value);
    const attached = this.#binary ? sink?.attach(text) : undefined;
    return `${tag.open}>${attached ?? escapeText(text)}${tag.close}`;
  }

  /** Text for an attribute, escaped. */
  writeAttribute(value: unknown): string {
    return escapeAttribute(this.#print(value));
  }

  #print(value: unknown): string {
    const text = this.lexical.print(value);
    if (text !== undefined) return text;
    throw new Fault(
      'INTERNAL',
      `The answer cannot be written as XML: ${this.lexical.expected} was due, and the handler answered something else.`,
    );
  }
}
