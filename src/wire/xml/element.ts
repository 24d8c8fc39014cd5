/** One attribute; declarations of namespaces are not among the attributes. */
export interface XmlAttribute {
  /** Namespace name; '' for none. */
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

/** Declared prefixes of one element and all around it. */
export interface NamespaceScope {
  readonly own: Readonly<Record<string, string>>;
  readonly outer: NamespaceScope | undefined;
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * One element of a document that was read whole. `children` are its elements and `text` all its
 * own character data, joined; where one stood among the other is not kept, since no data format
 * here has mixed content.
 */
export class XmlElement {
  /** Namespace name; '' for none. */
  readonly namespace: string;
  /** Local name. */
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[] = NONE;
  /** Exactly as it was written, with references and CDATA resolved and line ends as LF. */
  readonly text: string = '';
  /** Where its start tag ends, from 1. */
  readonly line: number;
  readonly scope: NamespaceScope | undefined;

  constructor(
    namespace: string,
    name: string,
    attributes: readonly XmlAttribute[] = NONE,
    line = 0,
    scope: NamespaceScope | undefined = undefined,
  ) {
    this.namespace = namespace;
    this.name = name;
    this.attributes = attributes;
    this.line = line;
    this.scope = scope;
  }

  is(namespace: string, name: string): boolean {
    return this.name === name && this.namespace === namespace;
  }

  /** The attribute's value; undefined when it is absent. */
  attribute(name: string, namespace = ''): string | undefined {
    for (const one of this.attributes) {
      if (one.name === name && one.namespace === namespace) return one.value;
    }
    return undefined;
  }

  /** The first child of this name. */
  child(namespace: string, name: string): XmlElement | undefined {
    return this.children.find((one) => one.is(namespace, name));
  }

  /** Whether its own text is nothing but white space (XML 1.0 section 2.3). */
  get isTextBlank(): boolean {
    return !/[^ \t\r\n]/.test(this.text);
  }

  /** The namespace that a prefix means here; '' as prefix is the default namespace. */
  namespaceOf(prefix: string): string | undefined {
    for (let scope = this.scope; scope !== undefined; scope = scope.outer) {
      if (Object.hasOwn(scope.own, prefix)) return scope.own[prefix];
    }
    if (prefix === 'xml') return 'http://www.w3.org/XML/1998/namespace';
    return prefix === '' ? '' : undefined;
  }

  /** A qualified name in content (`env:Sender`) with its namespace; undefined for an undeclared
   * prefix. */
  qualifiedName(text: string): { readonly namespace: string; readonly name: string } | undefined {
    const trimmed = text.trim();
    const colon = trimmed.indexOf(':');
    const namespace = this.namespaceOf(colon < 0 ? '' : trimmed.slice(0, colon));
    return namespace === undefined ? undefined : { namespace, name: trimmed.slice(colon + 1) };
  }
}
