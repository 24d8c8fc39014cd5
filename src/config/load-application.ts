import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Application } from '../model/application.ts';
import { ConfigError, type Mistake } from './mistake.ts';
import { attachLockFile } from './proto-lock.ts';
import type { Targets } from './targets.ts';

/**
 * Imports every application. All files are tried, so that every mistake is told at once.
 * @throws ConfigError for a file that does not load, or holds no application although it was named.
 */
export async function loadApplications(
  targets: Pick<Targets, 'applications' | 'candidates'>,
  directory: string,
): Promise<Application[]> {
  const found: Application[] = [];
  const mistakes: Mistake[] = [];
  for (const path of new Set([...targets.applications, ...targets.candidates])) {
    const where = relative(directory, path) || path;
    try {
      const exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
      if (isApplication(exported)) {
        found.push(exported);
        await attachLockFile(exported.contract, dirname(path));
      } else if (targets.applications.includes(path)) {
        mistakes.push({ where, path: '', message: notAnApplication(exported) });
      }
    } catch (error) {
      const message = (await moduleTypeMistake(error, path)) ?? importMistake(error);
      // The same package.json is at fault for every file beside it: told once.
      if (!mistakes.some((mistake) => mistake.message === message)) {
        mistakes.push({ where, path: '', message });
      }
    }
  }
  if (mistakes.length === 0 && found.length === 0 && targets.candidates.length > 0) {
    mistakes.push({
      where: targets.candidates.map((path) => relative(directory, path)).join(', '),
      path: '',
      message: 'no file has an application as its default export',
    });
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return found;
}

export function isApplication(value: unknown): value is Application {
  const candidate = value as Partial<Application> | null | undefined;
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof candidate.contract === 'object' &&
    candidate.contract !== null &&
    candidate.handlers instanceof Map
  );
}

function notAnApplication(exported: unknown): string {
  if (exported === undefined) return 'has no default export; expected an application';
  const isContract = typeof exported === 'object' && exported !== null && 'services' in exported;
  return isContract
    ? 'exports a contract without handlers; expected an application: give the contract its handlers and export the result'
    : 'its default export is no application (a contract with its handlers)';
}

const OUTSIDE_A_MODULE = /outside a module|Unexpected token 'export'/;

/** What to do where Node took an ES module for CommonJS, because the package says so. */
async function moduleTypeMistake(error: unknown, path: string): Promise<string | undefined> {
  if (!(error instanceof SyntaxError) || !OUTSIDE_A_MODULE.test(error.message)) return undefined;
  const file = findPackageJSON(pathToFileURL(path));
  if (file === undefined) return undefined;
  const { type } = JSON.parse(await readFile(file, 'utf8')) as { type?: unknown };
  if (type === 'module') return undefined;
  return `cannot be loaded: it is written as an ES module, and ${file} says "type": ${JSON.stringify(type ?? null)}; set "type": "module" there, or name the file .mts`;
}

/** The message, and the place in the author's file where one is known. */
function importMistake(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)} while it was loaded`;
  const [first = ''] = (error.stack ?? '').split('\n');
  // For a syntax error Node puts file:line before the message.
  const place = /^(.*:\d+)$/.exec(first)?.[1];
  const frame = /\((file:.*:\d+:\d+)\)|at (file:.*:\d+:\d+)/.exec(error.stack ?? '');
  const at = place ?? frame?.[1] ?? frame?.[2];
  return `cannot be loaded: ${error.message}${at === undefined ? '' : ` (${at.replace('file://', '')})`}`;
}
