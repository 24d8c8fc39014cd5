import type { Contract } from '../../model/contract.ts';

/**
 * The numbers of fields and enum values, which clients have compiled in: kept in a file beside the
 * contract, so that no order of members, and nothing that is removed, ever changes them.
 */
export interface Lock {
  /** Version of this format. */
  readonly polywire: '1';
  readonly contract: string;
  /** By full name of a message or enum, `orders.Order`. */
  readonly types: { readonly [fullName: string]: LockedType };
}

export interface LockedType {
  /** By the name in the .proto. */
  readonly numbers: { readonly [name: string]: LockedNumber };
  /** Numbers that were used once and are never given again. */
  readonly reserved: readonly ({ readonly name: string } & LockedNumber)[];
}

export interface LockedNumber {
  readonly number: number;
  /** What the number's bytes mean: `string`, `repeated orders.Line`; '' for a value of an enum. */
  readonly type: string;
}

export const EMPTY_LOCKED_TYPE: LockedType = { numbers: {}, reserved: [] };

export function lockFileName(contract: Contract): string {
  return `${contract.name}.proto.lock.json`;
}

const attached = new WeakMap<Contract, Lock>();

/** Remembers the lock of a loaded contract for whoever makes protobuf types of it. */
export function attachLock(contract: Contract, lock: Lock): void {
  attached.set(contract, lock);
}

export function lockOf(contract: Contract): Lock | undefined {
  return attached.get(contract);
}

export function lockText(lock: Lock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

const MAX_NUMBER = 2 ** 29 - 1;

function isLockedNumber(value: unknown): value is LockedNumber {
  const { number, type } = (value ?? {}) as Partial<LockedNumber>;
  return (
    Number.isInteger(number) && number! >= 0 && number! <= MAX_NUMBER && typeof type === 'string'
  );
}

function isLockedType(value: unknown): value is LockedType {
  const { numbers, reserved } = (value ?? {}) as Partial<LockedType>;
  return (
    typeof numbers === 'object' &&
    numbers !== null &&
    Object.values(numbers).every(isLockedNumber) &&
    Array.isArray(reserved) &&
    reserved.every(
      (one) => isLockedNumber(one) && typeof (one as { name?: unknown }).name === 'string',
    )
  );
}

/** @throws TypeError in words where the text is no lock, or gives one number to two names */
export function parseLock(text: string): Lock {
  let value: Partial<Lock> | null;
  try {
    value = JSON.parse(text) as Partial<Lock> | null;
  } catch (error) {
    throw new TypeError(`it is no JSON: ${(error as Error).message}`);
  }
  if (
    value?.polywire !== '1' ||
    typeof value.contract !== 'string' ||
    typeof value.types !== 'object' ||
    value.types === null
  ) {
    throw new TypeError(
      'an object with "polywire": "1", "contract" and "types" is expected, as `polywire contract export --format proto` writes it',
    );
  }
  for (const [name, type] of Object.entries(value.types)) {
    if (!isLockedType(type)) throw new TypeError(`the numbers of ${name} are not in their form`);
    const seen = new Map<number, string>();
    const all = [
      ...Object.entries(type.numbers).map(([field, { number }]) => [field, number] as const),
      ...type.reserved.map((one) => [one.name, one.number] as const),
    ];
    for (const [field, number] of all) {
      const other = seen.get(number);
      if (other !== undefined) {
        throw new TypeError(
          `${name} gives the number ${number} to ${other} and to ${field}; restore the file from version control`,
        );
      }
      seen.set(number, field);
    }
  }
  return value as Lock;
}
