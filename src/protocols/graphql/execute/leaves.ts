import type { ScalarType } from '../schema/types.ts';

/** An answer that is not of the type that its contract says. The hub finds it first unless its
 * check of outputs is switched off. */
export class BrokenAnswer extends Error {
  constructor(place: string) {
    super(`${place} does not fit the contract`);
    this.name = 'BrokenAnswer';
  }
}

export function missing(place: string): never {
  throw new BrokenAnswer(place);
}

/** By the JSON form of a scalar: the value, checked. */
export const LEAF_CHECKS: {
  readonly [json in ScalarType['json']]: (value: unknown, place: string) => unknown;
} = {
  string: (value, place) => (typeof value === 'string' ? value : missing(place)),
  number: (value, place) => (Number.isFinite(value) ? value : missing(place)),
  integer: (value, place) => (Number.isInteger(value) ? value : missing(place)),
  int32: (value, place) =>
    typeof value === 'number' && (value | 0) === value ? value : missing(place),
  boolean: (value, place) => (typeof value === 'boolean' ? value : missing(place)),
  any: (value) => value,
  null: () => null,
};
