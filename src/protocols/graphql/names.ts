/** Names of contracts as names of GraphQL (October 2025 specification, section 2.1.9 Names). */

const NAME = /^[_A-Za-z][_0-9A-Za-z]*$/;

/** `orders.get` is the root field `ordersGet`; a contract's rules keep such names apart. */
export function rootFieldName(fullName: string): string {
  const dot = fullName.indexOf('.');
  return fullName.slice(0, dot) + capital(fullName.slice(dot + 1));
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function pascal(text: string): string {
  return text
    .split(/[^0-9A-Za-z]+/)
    .map(capital)
    .join('');
}

/** Any text as a name: what GraphQL has no letter for becomes `_`, and two leading underscores,
 * which GraphQL keeps for itself, become one. */
export function graphqlName(text: string): string {
  let name = text.replace(/[^_0-9A-Za-z]/g, '_');
  if (name === '' || /^[0-9]/.test(name)) name = `_${name}`;
  return name.replace(/^__+/, '_');
}

export function isName(text: string): boolean {
  return NAME.test(text) && !text.startsWith('__');
}

/** Names for a list of texts, all different, in the same order; a later one that would equal an
 * earlier one gets a number behind. Texts that are names already keep them. */
export function distinctNames(texts: readonly string[]): string[] {
  const taken = new Set(texts.filter(isName));
  return texts.map((text) => {
    if (isName(text)) return text;
    const name = graphqlName(text);
    // One underscore at most: two at the start are GraphQL's own.
    const base = name.endsWith('_') ? name : `${name}_`;
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${base}${number}`;
    taken.add(free);
    return free;
  });
}

const NOT_ENUM_VALUES = new Set(['true', 'false', 'null']);

/** Names for the values of an enumeration; undefined where there is no readable one for each. */
export function enumValueNames(values: readonly string[]): string[] | undefined {
  if (values.some((value) => value === '' || NOT_ENUM_VALUES.has(value))) return undefined;
  if (!values.every((value) => /^[ -~]+$/.test(value) && /[0-9A-Za-z]/.test(value)))
    return undefined;
  const names = values.map(graphqlName);
  return new Set(names).size === names.length ? names : undefined;
}
