import { escapeAttribute } from '../../../wire/xml/writer.ts';

const RESERVED = new Set(['soap', 'xsi', 'xs', 'wsdl', 'xml', 'xmlns', 'soap11', 'soap12']);

/** The prefixes of one service's documents: handed out in the order of first use. */
export class Prefixes {
  readonly #byNamespace = new Map<string, string>();

  /** @param wanted is taken when it is free */
  of(namespace: string, wanted?: unknown): string {
    const known = this.#byNamespace.get(namespace);
    if (known !== undefined) return known;
    const taken = new Set(this.#byNamespace.values());
    const isFree = (prefix: string) => !RESERVED.has(prefix) && !taken.has(prefix);
    let prefix = `n${this.#byNamespace.size}`;
    if (typeof wanted === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,30}$/.test(wanted)) {
      if (isFree(wanted)) prefix = wanted;
    }
    while (!isFree(prefix)) prefix += '_';
    this.#byNamespace.set(namespace, prefix);
    return prefix;
  }

  get namespaces(): readonly string[] {
    return [...this.#byNamespace.keys()];
  }

  /** ` xmlns:n0="..." xmlns:n1="..."` */
  declarations(): string {
    let text = '';
    for (const [namespace, prefix] of this.#byNamespace) {
      text += ` xmlns:${prefix}="${escapeAttribute(namespace)}"`;
    }
    return text;
  }
}
