import type { Metadata } from '../../model/metadata.ts';
import type { HeaderField } from './header-field.ts';

/** The decoded fields of a request's head or trailers, pseudo-headers left out. */
export class HeaderFields implements Metadata {
  readonly #fields: readonly HeaderField[];

  constructor(fields: readonly HeaderField[]) {
    this.#fields = fields;
  }

  get(name: string): string | undefined {
    let found: string | undefined;
    const fields = this.#fields;
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index]!;
      if (field.name !== name) continue;
      // Cookies may come in pieces and are joined by semicolons (RFC 9113 section 8.2.3).
      found =
        found === undefined
          ? field.value
          : `${found}${name === 'cookie' ? '; ' : ', '}${field.value}`;
    }
    return found === undefined || name.startsWith(':') ? undefined : found;
  }

  *entries(): Iterable<readonly [name: string, value: string]> {
    const names = new Set<string>();
    for (const field of this.#fields) if (!field.name.startsWith(':')) names.add(field.name);
    for (const name of names) yield [name, this.get(name)!];
  }
}
