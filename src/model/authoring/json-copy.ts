/** A value as JSON carries it: a copy, without what JSON leaves out. */
export function jsonCopy<T>(value: T): T {
  const text = JSON.stringify(value);
  return text === undefined ? (null as T) : (JSON.parse(text) as T);
}
