/** What the scenario programs in Node share; arguments and output are those of the Java program. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

export const [address = '', saslAddress = '', prefix = '', ...wanted] = process.argv.slice(
  process.argv.findIndex((argument) => argument.startsWith('127.0.0.1:')),
);
const AT_A_TIME = 4;
export const TIME = 1_700_000_000_000;

export interface Sent {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer>;
}

const text = (value: string): Buffer => Buffer.from(value);
export const RECORDS: readonly Sent[] = [
  { key: text('key'), value: text('value'), headers: {} },
  { key: null, value: text('no key'), headers: {} },
  { key: text('no value'), value: null, headers: {} },
  { key: text(''), value: text(''), headers: {} },
  { key: text('ключ 🔑'), value: text('значение'), headers: {} },
  { key: text('long'), value: text('0123456789'.repeat(10_000)), headers: {} },
  {
    key: text('h'),
    value: text('v'),
    headers: { a: text('1'), bytes: Buffer.from([0, 255, 128]) },
  },
];

export const named = (name: string): string => `${prefix}-${name}`;

/** Short bytes whole, long ones by length and digest. */
export function shown(value: Buffer | null | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (value.length <= 64) return value.toString('hex');
  return { length: value.length, sha256: createHash('sha256').update(value).digest('hex') };
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('a condition did not come');
    await wait(20);
  }
}

/** What the work answers, or the kind of its error. */
export async function attempt(
  work: () => unknown,
  kind: (error: Error) => string,
): Promise<unknown> {
  try {
    return (await work()) ?? 'done';
  } catch (error) {
    return { error: kind(error as Error) };
  }
}

export async function run(
  scenarios: Readonly<Record<string, () => Promise<unknown>>>,
  kind: (error: Error) => string,
): Promise<void> {
  const left = Object.entries(scenarios).filter(
    ([scenario]) => wanted.length === 0 || wanted.includes(scenario),
  );
  // Most of a scenario is waiting for a broker's timers: several run at a time.
  const runner = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [scenario, work] = next;
      console.log(JSON.stringify({ scenario, outcome: await attempt(work, kind) }));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, runner));
  process.exit(0);
}
