import { EMPTY_LOCKED_TYPE, type Lock, type LockedNumber, type LockedType } from './lock.ts';

/** Numbers that protobuf keeps for itself. */
const KEPT_FROM = 19_000;
const KEPT_TO = 19_999;

/** Gives the fields of one message, or the values of one enum, their numbers. */
export class Numbering {
  readonly #before: LockedType;
  readonly #numbers: Record<string, LockedNumber> = {};
  readonly #reserved: ({ name: string } & LockedNumber)[] = [];
  #next: number;

  /** @param first the smallest number; 1, or 0 for the first value of an enum */
  constructor(before: LockedType, first: number) {
    this.#before = before;
    const used = [...Object.values(before.numbers), ...before.reserved].map(({ number }) => number);
    this.#next = Math.max(first, ...used.map((number) => number + 1));
  }

  /**
   * The number that the name has, or had when it meant the same; else one that was never used.
   * @param type what its bytes mean, see LockedNumber
   */
  numberOf(name: string, type: string): number {
    const known = Object.hasOwn(this.#before.numbers, name)
      ? this.#before.numbers[name]
      : undefined;
    const locked =
      known?.type === type
        ? known
        : this.#before.reserved.find((one) => one.name === name && one.type === type);
    const number = locked?.number ?? this.#take();
    this.#numbers[name] = { number, type };
    return number;
  }

  /** Numbers whose names are gone, or mean something else now. */
  get reserved(): readonly ({ name: string } & LockedNumber)[] {
    return this.#reserved;
  }

  /** After the last name: what to keep for the next time. */
  finish(): LockedType {
    const used = new Set(Object.values(this.#numbers).map(({ number }) => number));
    for (const one of this.#before.reserved) {
      if (!used.has(one.number)) this.#reserved.push(one);
    }
    for (const [name, { number, type }] of Object.entries(this.#before.numbers)) {
      if (!used.has(number)) this.#reserved.push({ name, number, type });
    }
    this.#reserved.sort((one, other) => one.number - other.number);
    return { numbers: this.#numbers, reserved: this.#reserved };
  }

  #take(): number {
    if (this.#next >= KEPT_FROM && this.#next <= KEPT_TO) this.#next = KEPT_TO + 1;
    return this.#next++;
  }
}

/** The numberings of all types of a contract. */
export class Numberings {
  readonly #lock: Lock | undefined;
  readonly #types = new Map<string, LockedType>();

  constructor(lock: Lock | undefined) {
    this.#lock = lock;
  }

  of(fullName: string, first = 1): Numbering {
    const types = this.#lock?.types ?? {};
    return new Numbering(
      Object.hasOwn(types, fullName) ? types[fullName]! : EMPTY_LOCKED_TYPE,
      first,
    );
  }

  keep(fullName: string, type: LockedType): void {
    this.#types.set(fullName, type);
  }

  /** What to write into the lock file. Types that are gone keep their numbers there. */
  lock(contract: string): Lock {
    const types: Record<string, LockedType> = { ...this.#lock?.types };
    for (const [name, type] of this.#types) types[name] = type;
    const sorted = Object.entries(types).sort(([one], [other]) => (one < other ? -1 : 1));
    return { polywire: '1', contract, types: Object.fromEntries(sorted) };
  }
}
