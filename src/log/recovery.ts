import { join } from 'node:path';
import { baseOffsetOf } from '../formats/records/batch.ts';
import type { RecoveryNote } from '../hub/engine.ts';
import type { Environment } from './environment.ts';
import type { File, Files } from './files.ts';
import { readFacts, readIndex, writeIndex } from './index-file.ts';
import { Producers } from './producers.ts';
import { replay } from './replay.ts';
import { type Scanned, scan } from './scan.ts';
import { Segment } from './segment.ts';
import { logPath, type SegmentName, segmentNames } from './segment-names.ts';
import { dropSnapshots, readSnapshot } from './snapshot.ts';
import { Transactions } from './transactions.ts';

/** What was found in a partition's folder. */
export interface Recovered {
  readonly segments: Segment[];
  readonly producers: Producers;
  readonly transactions: Transactions;
}

interface Found {
  readonly segment: Segment;
  readonly name: SegmentName;
  /** Base of the segment after it. */
  readonly following: number | undefined;
  /** Of its file. */
  readonly size: number;
}

type Note = (text: string, cutBytes?: number) => void;

/**
 * Brings a partition back from its folder. What a good index file vouches for was safely on disk
 * and is not read; the rest is, batch by batch. A tail that is no whole, good batch is cut off.
 */
export async function recover(
  environment: Environment,
  folder: string,
  place: { readonly stream: string; readonly partition: number },
  notes: RecoveryNote[],
): Promise<Recovered> {
  const { files } = environment;
  const names = await files.list(folder);
  for (const name of names) {
    if (/\.(new|cleaned)$/.test(name)) await files.remove(join(folder, name));
  }
  const found = await findSegments(files, folder, names);
  const unread = found.find(({ segment, size }) => segment.size < size);
  const from = unread?.segment.next ?? found.at(-1)?.segment.next ?? 0;
  const snapshot = await readSnapshot(files, folder, names, from);
  const producers = new Producers(environment.maxProducers);
  const transactions = new Transactions();
  producers.restore(snapshot?.producers ?? []);
  transactions.restore(snapshot?.open ?? []);
  const note: Note = (text, cutBytes = 0) => notes.push({ ...place, text, cutBytes });
  const reader = new Recovery(files, folder, producers, transactions, note);
  for (const one of found) await reader.read(one, snapshot?.offset ?? 0);
  await dropSnapshots(files, folder, names, found.at(-1)?.segment.next ?? 0);
  return { segments: found.map(({ segment }) => segment), producers, transactions };
}

async function findSegments(
  files: Files,
  folder: string,
  names: readonly string[],
): Promise<Found[]> {
  const all = await segmentNames(files, folder, names);
  const found: Found[] = [];
  for (const [place, name] of all.entries()) {
    const following = all[place + 1]?.base;
    const file = await files.open(logPath(folder, name.name), 'read');
    const size = await file.size().finally(() => file.close());
    const segment = await fromIndex(files, folder, name, size, following === undefined);
    found.push({ segment, name, following, size });
  }
  return found;
}

/** As its index file says, or as if nothing were known of it. */
async function fromIndex(
  files: Files,
  folder: string,
  { name, base }: SegmentName,
  size: number,
  last: boolean,
): Promise<Segment> {
  const facts = await readFacts(files, folder, name);
  if (facts === undefined || facts.base !== base || facts.size > size)
    return new Segment(base, name);
  const segment = new Segment(base, name, facts);
  if (facts.size === size && !last) return segment;
  // It is read or written on from there, with the entries so far.
  segment.index = await readIndex(files, folder, segment);
  return segment.index === undefined ? new Segment(base, name) : segment;
}

class Recovery {
  readonly #files: Files;
  readonly #folder: string;
  readonly #producers: Producers;
  readonly #transactions: Transactions;
  readonly #note: Note;

  constructor(
    files: Files,
    folder: string,
    producers: Producers,
    transactions: Transactions,
    note: Note,
  ) {
    this.#files = files;
    this.#folder = folder;
    this.#producers = producers;
    this.#transactions = transactions;
    this.#note = note;
  }

  /** @param from offset of the snapshot: what producers did from there on is looked at again */
  async read(found: Found, from: number): Promise<void> {
    const { segment, following, size } = found;
    // What its name or the segment after it says; a compaction may have taken its last records.
    const next = Math.max(found.name.next ?? 0, following ?? 0);
    if (segment.size === size && Math.max(segment.next, next) <= from) {
      segment.next = Math.max(segment.next, next);
      return;
    }
    const file = await this.#files.open(logPath(this.#folder, segment.name), 'write');
    let rest: Scanned;
    try {
      if (segment.size > 0) await this.#replayKnown(file, segment, from);
      const nowMs = Date.now();
      const known = segment.size;
      const place = { offset: segment.next, position: known };
      rest = await scan(file, place, size, segment.sparse, (buffer, at) => {
        segment.add(buffer, at, nowMs);
        const aborted = replay(buffer, at, this.#producers, this.#transactions);
        if (aborted !== undefined) segment.aborted.push(aborted);
      });
      if (rest.wrong !== undefined) await this.#mend(file, found, rest);
      else if (rest.end < size) await file.truncate(rest.end);
      // What was in the page cache alone counts as committed from now on.
      if (size > known) await file.sync();
      segment.synced = segment.size;
      segment.next = Math.max(segment.next, next);
      if (following !== undefined && size > known && !segment.damaged) {
        await writeIndex(this.#files, this.#folder, segment);
      }
    } finally {
      await file.close();
    }
    if (following !== undefined) segment.index = undefined;
  }

  /** Of what the index file vouches for, only producers are of interest. */
  async #replayKnown(file: File, segment: Segment, from: number): Promise<void> {
    if (segment.next <= from) return;
    const index = segment.index ?? (await readIndex(this.#files, this.#folder, segment));
    const place = index?.placeOf(from) ?? segment.start;
    await scan(file, place, segment.size, segment.sparse, (buffer, at) => {
      if (baseOffsetOf(buffer, at) >= from) replay(buffer, at, this.#producers, this.#transactions);
    });
  }

  async #mend(file: File, { segment, following, size }: Found, rest: Scanned): Promise<void> {
    const name = `${segment.name}.log`;
    if (following === undefined) {
      await file.truncate(rest.end);
      const bytes = size - rest.end;
      const where = `${name} was cut at byte ${rest.end}, before offset ${segment.next}`;
      this.#note(`${where} (${bytes} bytes): ${rest.wrong}`, bytes);
      return;
    }
    // Later segments hold what was acknowledged: they stay, and reading says what is lost.
    segment.damaged = true;
    const lost = `offsets ${segment.next} to ${following - 1} cannot be read`;
    this.#note(`${name} is damaged at byte ${rest.end}: ${rest.wrong}; ${lost}`);
  }
}
