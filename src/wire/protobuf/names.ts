/** Names of a contract in the styles of protobuf (https://protobuf.dev/programming-guides/style/). */

/** Words of a name in any style: `trackingNumber`, `HTTPStatus`, `in-stock`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
}

/** `tracking_number`; always an identifier. */
export function snakeCase(name: string): string {
  const text = wordsOf(name).join('_').toLowerCase();
  return /^[a-z]/.test(text) ? text : `f_${text === '' ? 'empty' : text}`;
}

/** `TrackingNumber`; always an identifier. */
export function pascalCase(name: string): string {
  const text = wordsOf(name)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return /^[A-Za-z]/.test(text) ? text : `T${text}`;
}

/** `TRACKING_NUMBER`; part of a name, perhaps empty. */
export function upperCase(name: string): string {
  return wordsOf(name).join('_').toUpperCase();
}

/** What protoc makes of a field's name for JSON where nothing else is said. */
export function defaultJsonName(snake: string): string {
  return snake
    .replace(/_([a-z0-9A-Z])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/_/g, '');
}

/** The first of name, name_2, name_3 ... that is free, and takes it. */
export function freeName(name: string, taken: Set<string>, separator = '_'): string {
  let candidate = name;
  for (let count = 2; taken.has(candidate); count++) candidate = `${name}${separator}${count}`;
  taken.add(candidate);
  return candidate;
}
