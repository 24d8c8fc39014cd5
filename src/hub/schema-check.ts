import type { Contract } from '../model/contract.ts';
import type { Violation } from '../model/fault.ts';
import type { JsonSchema } from '../model/schema.ts';

/** What is wrong with a value; undefined when nothing is. */
export type Check = (value: unknown) => readonly Violation[] | undefined;

export function checkOf(_schema: JsonSchema, _contract: Contract): Check {
  return () => undefined;
}
