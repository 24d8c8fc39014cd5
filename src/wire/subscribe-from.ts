import type { SubscribeOptions } from '../hub/hub.ts';
import { Fault } from '../model/fault.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Where a subscription begins, as clients write it: `start`, `now`, a time (RFC 3339), or
 * milliseconds since 1970-01-01T00:00Z. Undefined for nothing.
 * @throws Fault INVALID_ARGUMENT for anything else
 */
export function subscribeFrom(value: unknown): SubscribeOptions['from'] {
  if (value === undefined || value === null || value === '') return undefined;
  if (value === 'start' || value === 'now') return value;
  const timeMs = typeof value === 'string' ? timeOf(value) : Number(value);
  if (typeof value !== 'boolean' && Number.isSafeInteger(timeMs) && timeMs >= 0) return timeMs;
  const shown = (JSON.stringify(value) ?? 'nothing').slice(0, 60);
  const expected = 'start, now, a time such as 2026-01-31T12:00:00Z (RFC 3339) or milliseconds';
  throw new Fault('INVALID_ARGUMENT', `"from" is ${shown}; expected ${expected}.`, {
    violations: [{ path: '/from', expected, received: shown }],
  });
}

function timeOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return RFC_3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
}
