import { basename, join } from 'node:path';
import type { StreamSettings } from '../hub/engine.ts';
import { Fault } from '../model/fault.ts';
import { type Files, replaceFile } from './files.ts';

/** What `stream.json` in the folder of a stream or table says. */
export interface StreamFacts {
  readonly name: string;
  readonly id: string;
  readonly number: number;
  readonly createdMs: number;
  /** How often the data folder had been opened after a crash when the stream was made. */
  readonly bornAt: number;
  readonly settings: StreamSettings;
}

/** `engine.json`. */
export interface EngineFacts {
  /** Of the next stream or table. */
  nextNumber: number;
  /** How often the data folder was opened after a crash. */
  crashes: number;
}

export interface FoundStream {
  readonly facts: StreamFacts;
  readonly folder: string;
}

const FORMAT = 1;
const FORMAT_FILE = 'format';
const ENGINE_FILE = 'engine.json';
const STREAM_FILE = 'stream.json';
/** There from a close to the next opening. */
const CLEAN_FILE = 'clean';
const HINT_LENGTH = 60;
/** Before the names of folders that are being made or removed. */
const NEW = 'new.';
const REMOVED = 'removed.';

/**
 * The data folder, format 1:
 *
 *     format            `polywire data, format 1`
 *     engine.json       counters
 *     clean             there when the last close was complete
 *     lock.<n>          who has the folder open
 *     streams/<number>-<name>/stream.json
 *     streams/<number>-<name>/<partition>/<offset>.log|.index|.producers, start
 *     tables/<number>-<name>/...   the same
 *
 * Names in folder names are for people; `stream.json` has the true one.
 */
export class Catalogue {
  readonly folder: string;
  readonly #files: Files;
  readonly facts: EngineFacts;

  private constructor(files: Files, folder: string, facts: EngineFacts) {
    this.#files = files;
    this.folder = folder;
    this.facts = facts;
  }

  /** @throws Fault FAILED_PRECONDITION for a folder that is none of ours, or of a later format */
  static async open(files: Files, folder: string): Promise<Catalogue> {
    const format = await Catalogue.check(files, folder);
    await files.makeFolder(join(folder, 'streams'));
    await files.makeFolder(join(folder, 'tables'));
    const path = join(folder, ENGINE_FILE);
    const text = await files.readWhole(path);
    const facts =
      text === undefined ? { nextNumber: 1, crashes: 0 } : parse<EngineFacts>(path, text);
    const clean = (await files.readWhole(join(folder, CLEAN_FILE))) !== undefined;
    const catalogue = new Catalogue(files, folder, facts);
    if (format === undefined) {
      await catalogue.#save();
      const line = Buffer.from(`polywire data, format ${FORMAT}\n`);
      await replaceFile(files, join(folder, FORMAT_FILE), line);
    } else if (clean) {
      await files.remove(join(folder, CLEAN_FILE));
      await files.syncFolder(folder);
    } else {
      facts.crashes++;
      await catalogue.#save();
    }
    return catalogue;
  }

  /** What the folder says of its format; undefined for one that is new. Throws as `open` does. */
  static async check(files: Files, folder: string): Promise<Buffer | undefined> {
    const format = await files.readWhole(join(folder, FORMAT_FILE));
    if (format === undefined) await checkEmpty(files, folder);
    else checkFormat(folder, format.toString());
    return format;
  }

  /** Everything was written and closed. */
  async closed(): Promise<void> {
    await replaceFile(this.#files, join(this.folder, CLEAN_FILE), Buffer.from('clean\n'));
  }

  /** What there is, by number; finishes what a crash interrupted. */
  async find(kind: 'streams' | 'tables'): Promise<FoundStream[]> {
    const parent = join(this.folder, kind);
    const found: FoundStream[] = [];
    for (const name of await this.#files.list(parent)) {
      const folder = join(parent, name);
      if (name.startsWith(NEW) || name.startsWith(REMOVED)) {
        await this.#files.remove(folder);
        continue;
      }
      const path = join(folder, STREAM_FILE);
      const text = await this.#files.readWhole(path);
      if (text === undefined) continue;
      found.push({ folder, facts: parse<StreamFacts>(path, text) });
    }
    return found.toSorted((one, other) => one.facts.number - other.facts.number);
  }

  /** A stream or table is there, durably, when this resolves. */
  async create(
    kind: 'streams' | 'tables',
    name: string,
    settings: StreamSettings,
  ): Promise<FoundStream> {
    const facts: StreamFacts = {
      name,
      id: crypto.randomUUID(),
      number: this.facts.nextNumber++,
      createdMs: Date.now(),
      bornAt: this.facts.crashes,
      settings,
    };
    // First, so that no crash lets a number be used twice.
    await this.#save();
    const parent = join(this.folder, kind);
    const folderName = `${facts.number}-${hint(name)}`;
    const folder = join(parent, folderName);
    const temporary = join(parent, `${NEW}${folderName}`);
    await this.#files.makeFolder(temporary);
    await this.save(temporary, facts);
    await this.#files.rename(temporary, folder);
    await this.#files.syncFolder(parent);
    return { facts, folder };
  }

  save(folder: string, facts: StreamFacts): Promise<void> {
    return replaceFile(this.#files, join(folder, STREAM_FILE), Buffer.from(JSON.stringify(facts)));
  }

  /** Durably removed when this resolves; the files go after it. */
  async remove(kind: 'streams' | 'tables', folder: string): Promise<string> {
    const parent = join(this.folder, kind);
    const removed = join(parent, `${REMOVED}${basename(folder)}`);
    await this.#files.rename(folder, removed);
    await this.#files.syncFolder(parent);
    return removed;
  }

  #save(): Promise<void> {
    const text = JSON.stringify(this.facts);
    return replaceFile(this.#files, join(this.folder, ENGINE_FILE), Buffer.from(text));
  }
}

function parse<T>(path: string, bytes: Buffer): T {
  try {
    return JSON.parse(bytes.toString()) as T;
  } catch (error) {
    throw new Fault(
      'DATA_LOSS',
      `The file ${path} is damaged (no JSON). Bring it back from a backup, or move its folder away to start without it.`,
      { cause: error },
    );
  }
}

/** Of a name, what no file system minds. */
function hint(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_.-]/g, '_')
    .replace(/\.+$/, '')
    .slice(0, HINT_LENGTH);
}

async function checkEmpty(files: Files, folder: string): Promise<void> {
  const others = (await files.list(folder)).filter(
    (name) => !/^(lock\.|streams$|tables$|engine\.json|format\.new|lost\+found$|\.)/.test(name),
  );
  if (others.length === 0) return;
  throw new Fault(
    'FAILED_PRECONDITION',
    `The folder ${folder} is no data folder of Polywire and has other files in it (${others[0]}). Name an empty folder, or one that does not exist yet.`,
  );
}

function checkFormat(folder: string, text: string): void {
  const version = /^polywire data, format (\d+)\s*$/.exec(text)?.[1];
  if (Number(version) === FORMAT) return;
  throw new Fault(
    'FAILED_PRECONDITION',
    version === undefined
      ? `The file ${join(folder, FORMAT_FILE)} does not say which format the data folder has; expected "polywire data, format ${FORMAT}".`
      : `The data folder ${folder} has format ${version}; this version of Polywire reads format ${FORMAT}. Use the version that wrote it, or a later one.`,
  );
}
