import type { EnumType } from './types.ts';

/** From the string in a contract to its number. @throws RangeError for others */
export function numberOfValue(type: EnumType): (value: unknown) => number {
  const numbers = new Map<unknown, number>();
  for (const { json, number } of type.values) if (json !== undefined) numbers.set(json, number);
  return (value) => {
    const number = numbers.get(value);
    if (number === undefined) {
      throw new RangeError(
        `${JSON.stringify(value)?.slice(0, 60)} is no value of ${type.fullName}`,
      );
    }
    return number;
  };
}

/** From a number to the string; the number itself where it has none, which no contract allows. */
export function valueOfNumber(type: EnumType): (number: number) => unknown {
  const values = new Map(type.values.map(({ json, number }) => [number, json]));
  return (number) => values.get(number) ?? number;
}
