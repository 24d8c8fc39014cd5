import type { SubscribeOptions } from '../hub/hub.ts';
import { Fault } from '../model/fault.ts';

/** Where a subscription begins, as clients of every protocol say it. */
export type SubscriptionStart = Pick<SubscribeOptions, 'after' | 'from' | 'last'>;

/** Most messages that `last` may ask for, of each partition. */
export const MAX_LAST = 1_000_000;

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * `now`, `start`, milliseconds since 1970-01-01T00:00Z (a number, or its digits), or a time
 * (RFC 3339).
 * @param place of the value, for the fault
 * @throws Fault INVALID_ARGUMENT for anything else
 */
export function fromOf(value: unknown, place: string): SubscribeOptions['from'] {
  if (value === undefined || value === 'now' || value === 'start') return value;
  const timeMs = timeOf(value);
  if (Number.isSafeInteger(timeMs)) return timeMs;
  throw wrong(
    place,
    'now, start, a time such as 2026-01-31T12:00:00Z, or milliseconds since 1970',
    value,
  );
}

/** @throws Fault INVALID_ARGUMENT for anything but a whole number, or its digits */
export function lastOf(value: unknown, place: string): number | undefined {
  if (value === undefined) return undefined;
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= MAX_LAST) {
    return count as number;
  }
  throw wrong(place, `a whole number from 0 to ${MAX_LAST}`, value);
}

function timeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return Number.NaN;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  return RFC_3339.test(value) ? Date.parse(value.toUpperCase()) : Number.NaN;
}

function wrong(place: string, expected: string, received: unknown): Fault {
  const shown = (JSON.stringify(received) ?? 'nothing').slice(0, 80);
  return new Fault('INVALID_ARGUMENT', `${place} is ${shown}; expected ${expected}.`, {
    violations: [{ path: `/${place}`, expected, received: shown }],
  });
}
