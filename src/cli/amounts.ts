import { InvalidArgumentError } from 'commander';

/** Sizes, durations and counts as people write and read them. */

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SIZE_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** `7d`, `12h`, `30m`; `forever` is -1. In milliseconds. @throws InvalidArgumentError */
export function durationOf(text: string): number {
  return amountOf(text, DURATION_MS, 'ms', 'a duration such as 7d, 12h, 30m, 10s or forever');
}

/** `500MB`, `1GiB`; `unlimited` is -1. In bytes. @throws InvalidArgumentError */
export function sizeOf(text: string): number {
  return amountOf(text, SIZE_BYTES, 'b', 'a size such as 500MB, 1GiB or unlimited');
}

function amountOf(
  text: string,
  units: Readonly<Record<string, number>>,
  plain: string,
  expected: string,
): number {
  if (text === 'forever' || text === 'unlimited') return -1;
  const match = /^(\d{1,15}(?:\.\d+)?) ?([a-z]*)$/i.exec(text);
  const unit = units[match?.[2]?.toLowerCase() || plain];
  const amount = unit === undefined ? Number.NaN : Math.round(Number(match?.[1]) * unit);
  if (Number.isSafeInteger(amount)) return amount;
  throw new InvalidArgumentError(`expected ${expected}.`);
}

/** `1.5 GB` */
export function sizeText(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let index = 0;
  for (; value >= 999.5 && index < names.length - 1; index++) value /= 1000;
  return `${index === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${names[index]}`;
}

/** `7 days`: in the largest unit that leaves no rest. */
export function durationText(ms: number): string {
  if (ms < 0) return 'for ever';
  for (const [unit, name] of [
    ['d', 'day'],
    ['h', 'hour'],
    ['m', 'minute'],
    ['s', 'second'],
  ] as const) {
    const count = ms / DURATION_MS[unit]!;
    if (Number.isInteger(count) && count > 0) return `${count} ${name}${count === 1 ? '' : 's'}`;
  }
  return `${ms} ms`;
}

/** `12,345` */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** Milliseconds since 1970 as `2026-01-31T12:00:00.000Z`; `-` for none. */
export function timeText(timeMs: number | undefined): string {
  const time = new Date(timeMs ?? -1);
  return timeMs === undefined || timeMs < 0 || Number.isNaN(time.getTime())
    ? '-'
    : time.toISOString();
}
