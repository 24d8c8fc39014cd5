import type { XmlElement } from '../../../wire/xml/element.ts';
import type { ChoiceType } from './choice-type.ts';
import type { JsonType } from './json-type.ts';
import type { ListType } from './list-type.ts';
import type { ObjectType } from './object-type.ts';
import type { Prefixes } from './prefixes.ts';
import type { SimpleType } from './simple-type.ts';

export interface QualifiedName {
  /** '' for none. */
  readonly namespace: string;
  readonly name: string;
}

/** Where the bytes are that an element only refers to (XOP). */
export interface IncludeSource {
  /** Base64 of the bytes; each part is given once. @throws Misfit */
  take(include: XmlElement): string;
}

/** Takes bytes out of a document that is written (XOP). */
export interface AttachmentSink {
  /** Content in place of the base64 text; undefined where it stays in the document. */
  attach(base64: string): string | undefined;
}

/** What every kind of type does. An instance is made from a schema once, when its service is asked
 * for first, and then only followed. */
export interface TypeBehaviour {
  /** Set where the type is declared by itself and referred to by name. */
  readonly typeName: QualifiedName | undefined;
  /** The value of an element. @throws Misfit */
  read(element: XmlElement, includes: IncludeSource | undefined): unknown;
  /** A whole element. @throws Fault for a value that XML cannot hold */
  write(tag: Tag, value: unknown, sink: AttachmentSink | undefined): string;
}

export type XmlType = SimpleType | ObjectType | ListType | ChoiceType | JsonType;

/** Start and end of an element as they are written; `open` has no `>` yet. */
export interface Tag {
  readonly open: string;
  readonly close: string;
}

/** One element that a type declares. */
export interface Particle {
  /** Member of the JSON object; '' where there is none. */
  readonly member: string;
  readonly namespace: string;
  readonly name: string;
  readonly tag: Tag;
  readonly type: XmlType;
  readonly optional: boolean;
  readonly nillable: boolean;
  /** Set for an array whose items follow each other without an element around them. */
  readonly repeated: Occurrence | undefined;
  readonly documentation: string | undefined;
}

export interface Occurrence {
  readonly min: number;
  /** Infinity for any number. */
  readonly max: number;
}

export function tagOf(prefixes: Prefixes, namespace: string, name: string): Tag {
  const qualified = namespace === '' ? name : `${prefixes.of(namespace)}:${name}`;
  return { open: `<${qualified}`, close: `</${qualified}>` };
}

export const NIL = ' xsi:nil="true"/>';
