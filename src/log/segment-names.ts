import { join } from 'node:path';
import type { Files } from './files.ts';

const DIGITS = 20;
const NAME = /^(\d{20})(?:-(\d{20}))?\.log$/;

/** `00000000000000000042`, or, for a compacted segment that stands for several, with its end. */
export function segmentName(base: number, next?: number): string {
  const start = String(base).padStart(DIGITS, '0');
  return next === undefined ? start : `${start}-${String(next).padStart(DIGITS, '0')}`;
}

/** Is it the name of a compacted segment? */
export function isSparse(name: string): boolean {
  return name.length > DIGITS;
}

export function logPath(folder: string, segment: string): string {
  return join(folder, `${segment}.log`);
}

export function indexPath(folder: string, segment: string): string {
  return join(folder, `${segment}.index`);
}

export interface SegmentName {
  readonly name: string;
  readonly base: number;
  /** Where the name states it. */
  readonly next: number | undefined;
}

/**
 * The segments of a folder in order of offset. A compacted one is in place before those that it
 * stands for are deleted: what is left of them goes now.
 */
export async function segmentNames(
  files: Files,
  folder: string,
  names: readonly string[],
): Promise<SegmentName[]> {
  const kept: SegmentName[] = [];
  const all = names.map(parse).filter((one) => one !== undefined);
  for (const segment of all.toSorted(
    (one, other) => one.base - other.base || end(other) - end(one),
  )) {
    if (kept.some((other) => covers(other, segment))) {
      await files.remove(logPath(folder, segment.name));
      await files.remove(indexPath(folder, segment.name));
    } else {
      kept.push(segment);
    }
  }
  return kept;
}

function parse(file: string): SegmentName | undefined {
  const match = NAME.exec(file);
  if (match === null) return undefined;
  return {
    name: file.slice(0, -4),
    base: Number(match[1]),
    next: match[2] === undefined ? undefined : Number(match[2]),
  };
}

function end(segment: SegmentName): number {
  return segment.next ?? segment.base;
}

/** Does one stand for the other, which comes after it in the order above? */
function covers(one: SegmentName, other: SegmentName): boolean {
  return one.next !== undefined && other.base < one.next && end(other) <= one.next;
}
