import { Lane, type Row } from './lane.ts';
import type { PageRequest } from './stream-page-request.ts';

/** Of one page, as JSON; a single record may be larger. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Answer of GET /streams/:name/records. */
export interface Page {
  /** Each as JSON (record-json.ts). */
  readonly records: readonly string[];
  /** Where the next page begins: `from` of its request. */
  readonly next: string;
}

/** The records of a page: of several partitions by their time, and in the order of their offsets
 * within each. */
export async function readPage({ places, count, latest }: PageRequest): Promise<Page> {
  const bytes = Math.ceil(MAX_PAGE_BYTES / Math.max(1, places.length));
  const lanes = places.map(({ partition, from }) => new Lane(partition, from, count, bytes));
  for (const lane of lanes) await lane.read();
  const heads = lanes.map(() => 0);
  const rows = merge(lanes, heads, latest ? Number.POSITIVE_INFINITY : count);
  const nexts = lanes.map(({ partition, rows: own, end }, index) => {
    return `${partition.index}:${own[heads[index]!]?.offset ?? end}`;
  });
  return { records: rows.slice(-count).map(({ text }) => text), next: nexts.join(',') };
}

/** The earliest of the first rows, again and again; `heads` counts what was taken of each lane. */
function merge(lanes: readonly Lane[], heads: number[], count: number): Row[] {
  const merged: Row[] = [];
  while (merged.length < count) {
    let first = -1;
    let earliest: Row | undefined;
    for (let index = 0; index < lanes.length; index++) {
      const row = lanes[index]!.rows[heads[index]!];
      if (row === undefined || (earliest !== undefined && row.timeMs >= earliest.timeMs)) continue;
      earliest = row;
      first = index;
    }
    if (earliest === undefined) break;
    merged.push(earliest);
    heads[first]!++;
  }
  return merged;
}
