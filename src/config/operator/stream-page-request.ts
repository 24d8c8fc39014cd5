import type { Partition, Stream } from '../../hub/engine.ts';
import { Fault } from '../../model/fault.ts';
import { fromOf } from '../../wire/subscription-start.ts';

const DEFAULT_COUNT = 10;
const MAX_COUNT = 1000;
const MAX_WAIT_MS = 30_000;
/** Read for one page. */
const MAX_PARTITIONS = 100;

/** What GET /streams/:name/records asks for. */
export interface PageRequest {
  /** Partitions to read, each with the offset to begin at. */
  readonly places: readonly Place[];
  /** At most so many records. */
  readonly count: number;
  /** The last records of those places, not the first. */
  readonly latest: boolean;
  /** How long to wait where there is nothing yet. */
  readonly waitMs: number;
}

export interface Place {
  readonly partition: Partition;
  readonly from: number;
}

/**
 * Reads the query:
 *
 *     partition  one of them; left out: all
 *     from       `latest` (the default: the last records), `start`, `now`, a time (RFC 3339 or
 *                milliseconds), an offset where a partition is given, or `next` of an earlier
 *                page: `0:12,1:7`, each a partition and an offset
 *     count      1 to 1000 records, 10 by default
 *     waitMs     0 to 30000: wait so long for records where there are none yet
 *
 * @throws Fault INVALID_ARGUMENT, OUT_OF_RANGE for an offset that is not there
 */
export async function pageRequest(stream: Stream, query: string): Promise<PageRequest> {
  const parameters = new URLSearchParams(query);
  const count = whole(parameters, 'count', 1, MAX_COUNT) ?? DEFAULT_COUNT;
  const waitMs = whole(parameters, 'waitMs', 0, MAX_WAIT_MS) ?? 0;
  const from = parameters.get('from') ?? 'latest';
  const chosen = whole(parameters, 'partition', 0, stream.partitions.length - 1);
  const partitions = chosen === undefined ? stream.partitions : [stream.partitions[chosen]!];
  const latest = from === 'latest';
  if (from.includes(':') && /^[\d:,]+$/.test(from)) {
    return { places: placesOf(stream, from), count, latest, waitMs };
  }
  if (partitions.length > MAX_PARTITIONS) throw tooMany(partitions.length);
  const places: Place[] = [];
  for (const partition of partitions) {
    const offset = latest
      ? Math.max(partition.startOffset, partition.stableOffset - count)
      : await offsetOf(partition, from, chosen !== undefined);
    places.push({ partition, from: offset });
  }
  return { places, count, latest, waitMs };
}

async function offsetOf(partition: Partition, from: string, alone: boolean): Promise<number> {
  if (alone && /^\d{1,15}$/.test(from)) return inRange(partition, Number(from));
  const start = fromOf(from, 'from');
  if (start === 'start') return partition.startOffset;
  if (start === 'now' || start === undefined) return partition.stableOffset;
  return (await partition.offsetAtTime(start))?.offset ?? partition.stableOffset;
}

const PLACE = /^(\d{1,6}):(\d{1,15})$/;

function placesOf(stream: Stream, text: string): Place[] {
  const places = new Map<number, Place>();
  for (const part of text.split(',')) {
    const match = PLACE.exec(part);
    const partition = stream.partitions[Number(match?.[1])];
    if (match === null || partition === undefined) {
      throw wrong('from', 'partition:offset of partitions that are there, as "0:12,1:7"', text);
    }
    if (places.size >= MAX_PARTITIONS) throw tooMany(places.size + 1);
    places.set(partition.index, { partition, from: inRange(partition, Number(match[2])) });
  }
  return [...places.values()];
}

function tooMany(partitions: number): Fault {
  return new Fault(
    'INVALID_ARGUMENT',
    `${partitions} partitions are too many for one page, which reads ${MAX_PARTITIONS}; name one with "partition".`,
  );
}

function inRange(partition: Partition, offset: number): number {
  const { startOffset, endOffset, index } = partition;
  // What retention has taken meanwhile is skipped; what has never been there is a mistake.
  if (offset <= endOffset) return Math.max(offset, startOffset);
  throw new Fault(
    'OUT_OF_RANGE',
    `Partition ${index} has no offset ${offset}; it keeps ${startOffset} to ${endOffset - 1}, and the next is ${endOffset}.`,
  );
}

function whole(
  parameters: URLSearchParams,
  name: string,
  minimum: number,
  maximum: number,
): number | undefined {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw wrong(name, `a whole number from ${minimum} to ${maximum}`, text);
}

function wrong(name: string, expected: string, received: string): Fault {
  const shown = JSON.stringify(received.slice(0, 60));
  return new Fault('INVALID_ARGUMENT', `Parameter "${name}" is ${shown}; expected ${expected}.`, {
    violations: [{ path: `/${name}`, expected, received: shown }],
  });
}
