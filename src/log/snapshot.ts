import { join } from 'node:path';
import { crc32c } from '../formats/records/native.ts';
import { type Files, replaceFile } from './files.ts';
import type { Producer } from './producers.ts';
import { segmentName } from './segment-names.ts';
import type { Transactions } from './transactions.ts';

/** Producers and open transactions as they were before an offset. */
export interface Snapshot {
  readonly offset: number;
  readonly producers: readonly Producer[];
  readonly open: readonly (readonly [producerId: bigint, firstOffset: number])[];
}

const ENDING = '.producers';
/** How many stay: the latest may be damaged. */
const KEPT = 2;

/** The snapshot's bytes: a checksum (CRC-32C, eight hexadecimal digits), a line break, JSON. */
export function encodeSnapshot(producers: readonly Producer[], transactions: Transactions): Buffer {
  const text = JSON.stringify({ producers, open: transactions.open() }, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return Buffer.from(`${checksum(text)}\n${text}`);
}

/** `<offset>.producers`; older ones go. */
export async function writeSnapshot(
  files: Files,
  folder: string,
  offset: number,
  bytes: Buffer,
): Promise<void> {
  await replaceFile(files, join(folder, `${segmentName(offset)}${ENDING}`), bytes);
  const names = (await files.list(folder)).filter((name) => name.endsWith(ENDING));
  for (const name of names.slice(0, -KEPT)) await files.remove(join(folder, name));
}

/** The latest good snapshot at or before `offset`. */
export async function readSnapshot(
  files: Files,
  folder: string,
  names: readonly string[],
  offset: number,
): Promise<Snapshot | undefined> {
  for (const name of names.filter((one) => one.endsWith(ENDING)).toReversed()) {
    const at = Number(name.slice(0, -ENDING.length));
    const bytes = at > offset ? undefined : await files.readWhole(join(folder, name));
    const found = bytes === undefined ? undefined : decode(bytes.toString(), at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Deletes those behind the end: the records that they speak of were cut off. */
export async function dropSnapshots(
  files: Files,
  folder: string,
  names: readonly string[],
  end: number,
): Promise<void> {
  for (const name of names) {
    if (name.endsWith(ENDING) && Number(name.slice(0, -ENDING.length)) > end) {
      await files.remove(join(folder, name));
    }
  }
}

function decode(content: string, offset: number): Snapshot | undefined {
  const text = content.slice(9);
  if (content.slice(0, 8) !== checksum(text)) return undefined;
  const { producers, open } = JSON.parse(text) as {
    producers: (Omit<Producer, 'id'> & { id: string })[];
    open: [string, number][];
  };
  return {
    offset,
    producers: producers.map((producer) => ({ ...producer, id: BigInt(producer.id) })),
    open: open.map(([id, first]) => [BigInt(id), first]),
  };
}

function checksum(text: string): string {
  return crc32c(Buffer.from(text)).toString(16).padStart(8, '0');
}
