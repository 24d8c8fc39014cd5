import { readFile, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Application } from '../model/application.ts';
import type { Contract } from '../model/contract.ts';
import { ContractError, checkDocument, looksLikeContract } from '../model/contract-form.ts';
import type { Problem } from '../model/contract-rules.ts';
import { attachLockFile } from './proto-lock.ts';
import { codeIn } from './targets.ts';

/** What a file holds: a contract, and the code behind it where there is some. */
export interface LoadedContract {
  readonly contract: Contract;
  /** Undefined for a contract without handlers. */
  readonly application: Application | undefined;
  /** Errors and warnings; a contract from code has no errors, or its file would not load. */
  readonly problems: readonly Problem[];
}

const MODULES = new Set(['.ts', '.mts', '.js', '.mjs']);

/**
 * Reads a contract from a module (.ts, .js: the default export, or the only export that is a
 * contract or an application), from its neutral form (.json), or from a folder with one
 * application in it.
 * @param directory that a relative path starts from
 * @throws Error in words: what is wrong with the file, and what was expected
 */
export async function loadContract(
  file: string,
  directory: string = process.cwd(),
): Promise<LoadedContract> {
  const path = resolve(directory, file);
  const extension = extname(path);
  if (extension === '.json') return withLock(fromJson(await read(path, file), file), path);
  if (!MODULES.has(extension)) {
    if (await isFolder(path)) return loadContract(await onlyApplication(path, file), directory);
    throw new Error(
      `${file} is no contract: a .ts, .js or .json file is expected, or a folder with an application.`,
    );
  }
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof ContractError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(path)) throw notThere(file);
    throw new Error(`${file} cannot be loaded: ${message}`, { cause: error });
  }
  return withLock(chooseExport(exported, file), path);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not there: that is told as for a file.
    return false;
  }
}

/** The file of a folder whose default export is an application, as `polywire up` finds it. */
async function onlyApplication(folder: string, shown: string): Promise<string> {
  const found: string[] = [];
  for (const path of await codeIn(folder, shown)) {
    const exported = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (contractIn(exported.default)?.application !== undefined) found.push(path);
  }
  if (found.length === 1) return found[0]!;
  throw new Error(
    found.length === 0
      ? `${shown} holds no file whose default export is an application; name a file.`
      : `${shown} holds several applications (${found.join(', ')}): name one of them.`,
  );
}

/** The contract with the field numbers that are kept beside its file. */
async function withLock(loaded: LoadedContract, path: string): Promise<LoadedContract> {
  await attachLockFile(loaded.contract, dirname(path));
  return loaded;
}

/** Reads a contract from the text of its neutral form; see loadContract. */
export function fromJson(text: string, file: string): LoadedContract {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!looksLikeContract(value)) {
    throw new Error(
      `${file} is no contract: an object with "polywire": "1" and "services" is expected, as \`polywire contract export\` writes it.`,
    );
  }
  return { contract: value, application: undefined, problems: checkDocument(value) };
}

async function read(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'ENOENT' ? notThere(file) : new Error(`${file} cannot be read: ${message}`);
  }
}

function notThere(file: string): Error {
  return new Error(`${file} does not exist.`);
}

function chooseExport(exported: Record<string, unknown>, file: string): LoadedContract {
  const found = new Map<string, LoadedContract>();
  for (const [name, value] of Object.entries(exported)) {
    const loaded = contractIn(value);
    if (loaded !== undefined) found.set(name, loaded);
  }
  const chosen = found.get('default');
  if (chosen !== undefined) return chosen;
  // A file may export a contract and the application made of it: then the application is meant.
  const applications = [...found.values()].filter(({ application }) => application !== undefined);
  if (applications.length === 1) return applications[0]!;
  if (found.size === 1) return [...found.values()][0]!;
  const names = Object.keys(exported).join(', ') || 'nothing';
  throw new Error(
    found.size === 0
      ? `${file} exports no contract and no application (it exports ${names}): end it with \`export default implement(...)\` or \`export default contract(...)\`.`
      : `${file} exports several contracts (${[...found.keys()].join(', ')}): make one of them the default export.`,
  );
}

function contractIn(value: unknown): LoadedContract | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const holder = value as Partial<Application>;
  const contract = looksLikeContract(value) ? value : holder.contract;
  if (!looksLikeContract(contract)) return undefined;
  return {
    contract,
    application: holder.handlers instanceof Map ? (value as Application) : undefined,
    problems: checkDocument(contract),
  };
}
