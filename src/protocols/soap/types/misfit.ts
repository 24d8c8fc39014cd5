import type { XmlElement } from '../../../wire/xml/element.ts';

/** An element that does not fit its declaration; `path` grows on the way out. */
export class Misfit extends Error {
  readonly element: XmlElement;
  readonly expected: string;
  readonly received: string;
  /** JSON Pointer to the value. */
  path = '';

  constructor(element: XmlElement, expected: string, received: string) {
    super(expected);
    this.name = 'Misfit';
    this.element = element;
    this.expected = expected;
    this.received = received;
  }

  /** For rethrowing one level further out. */
  within(step: string): this {
    this.path = step + this.path;
    return this;
  }
}

const MAX_RECEIVED = 80;

/** Text from a document, for a message. */
export function shown(text: string): string {
  const short = text.length <= MAX_RECEIVED ? text : `${text.slice(0, MAX_RECEIVED)}...`;
  return JSON.stringify(short);
}

export function shownName(element: XmlElement): string {
  return `<${element.name.slice(0, MAX_RECEIVED)}>`;
}
