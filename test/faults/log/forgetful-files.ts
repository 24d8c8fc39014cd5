import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type File, type Files, NODE_FILES } from '../../../src/log/files.ts';

/** Bytes that were written and not yet synced. */
interface Extent {
  readonly from: number;
  readonly to: number;
}

/** What of one file the disk need not have. */
interface Loose {
  readonly extents: Set<Extent>;
  /** Its length as far as the disk certainly has it. */
  sureSize: number;
}

/** A disk writes sectors. */
const SECTOR = 512;

/**
 * The machine's file system, which knows what a power cut may take away: bytes that no fdatasync
 * followed, and names that no sync of their folder followed. `cut` makes a copy as such a cut may
 * leave it.
 */
export class ForgetfulFiles implements Files {
  readonly #folder: string;
  readonly #loose = new Map<string, Loose>();
  /** New names, with what was under the name before (undefined: nothing). */
  readonly #names = new Map<string, Buffer | undefined>();
  #off = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** From here on nothing is written any more. Copies the folder as the disk may have it. */
  cut(to: string, random: () => number): void {
    this.#off = true;
    cpSync(this.#folder, to, {
      recursive: true,
      filter: (path) => !/lock\.\d+$/.test(path),
    });
    for (const [path, { extents, sureSize }] of this.#loose) {
      const copy = join(to, relative(this.#folder, path));
      if (existsSync(copy)) forget(copy, extents, sureSize, random);
    }
    for (const [path, before] of this.#names) {
      const copy = join(to, relative(this.#folder, path));
      if (random() < 0.5) continue;
      if (before === undefined) rmSync(copy, { recursive: true, force: true });
      else if (existsSync(dirname(copy))) writeFileSync(copy, before);
    }
  }

  async open(path: string, mode: 'read' | 'write'): Promise<File> {
    if (mode === 'read') return NODE_FILES.open(path, mode);
    this.#check();
    const made = !existsSync(path);
    if (made) this.#names.set(path, undefined);
    const file = await NODE_FILES.open(path, mode);
    let loose = this.#loose.get(path);
    if (loose === undefined) {
      loose = { extents: new Set(), sureSize: made ? 0 : await file.size() };
      this.#loose.set(path, loose);
    }
    return new ForgetfulFile(file, loose, () => this.#check());
  }

  readWhole = NODE_FILES.readWhole;
  list = NODE_FILES.list;

  async makeFolder(path: string): Promise<void> {
    this.#check();
    if (!existsSync(path)) this.#names.set(path, undefined);
    await NODE_FILES.makeFolder(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#check();
    if (!this.#names.has(to)) this.#names.set(to, existsSync(to) ? readFileSync(to) : undefined);
    this.#names.delete(from);
    move(this.#loose, from, to);
    move(this.#names, from, to);
    await NODE_FILES.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.#check();
    // What is removed may be there again after a cut, and nobody may mind.
    this.#loose.delete(path);
    this.#names.delete(path);
    await NODE_FILES.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#check();
    const names = [...this.#names.keys()].filter((name) => dirname(name) === path);
    await NODE_FILES.syncFolder(path);
    this.#check();
    for (const name of names) this.#names.delete(name);
  }

  #check(): void {
    if (this.#off) throw Object.assign(new Error('there is no power'), { code: 'EIO' });
  }
}

class ForgetfulFile implements File {
  readonly #file: File;
  readonly #loose: Loose;
  readonly #check: () => void;

  constructor(file: File, loose: Loose, check: () => void) {
    this.#file = file;
    this.#loose = loose;
    this.#check = check;
  }

  size = () => this.#file.size();
  read = (buffer: Buffer, position: number) => this.#file.read(buffer, position);
  close = () => this.#file.close();

  async write(buffers: readonly Buffer[], position: number): Promise<void> {
    this.#note(buffers, position);
    await this.#file.write(buffers, position);
  }

  writeNow(buffers: readonly Buffer[], position: number): void {
    this.#note(buffers, position);
    this.#file.writeNow(buffers, position);
  }

  #note(buffers: readonly Buffer[], position: number): void {
    this.#check();
    const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
    this.#loose.extents.add({ from: position, to: position + bytes });
  }

  async sync(): Promise<void> {
    this.#check();
    const extents = [...this.#loose.extents];
    const size = await this.#file.size();
    await this.#file.sync();
    // It was on the disk before anybody knew; a cut meanwhile may go either way.
    this.#check();
    for (const extent of extents) this.#loose.extents.delete(extent);
    this.#loose.sureSize = size;
  }

  async truncate(size: number): Promise<void> {
    this.#check();
    this.#loose.sureSize = Math.min(this.#loose.sureSize, size);
    await this.#file.truncate(size);
  }
}

/** What is known of a file, or of all that is in a folder, goes along when it is renamed. */
function move<T>(known: Map<string, T>, from: string, to: string): void {
  for (const [path, value] of [...known]) {
    if (path !== from && !path.startsWith(`${from}/`)) continue;
    known.delete(path);
    known.set(to + path.slice(from.length), value);
  }
}

/** Each sector that was not synced is there, or zeros, or wrong; the file may end before it. */
function forget(
  path: string,
  extents: Iterable<Extent>,
  sureSize: number,
  random: () => number,
): void {
  const bytes = readFileSync(path);
  for (const { from, to } of extents) {
    for (let at = from; at < to; at += SECTOR) {
      const end = Math.min(at + SECTOR, to);
      const fate = random();
      if (fate < 0.3) bytes.fill(0, at, end);
      else if (fate < 0.4) bytes.fill(0xa5, at, end);
    }
  }
  writeFileSync(path, bytes);
  if (bytes.length > sureSize && random() < 0.5) {
    truncateSync(path, sureSize + Math.floor(random() * (bytes.length - sureSize)));
  }
}
