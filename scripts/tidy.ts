/**
 * What the design says and a type checker cannot see: who may import whom, no protocol's name in
 * the centre, length of files and functions, no dead path in the docs. Prints every finding; exits
 * 1 when there is one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { brokenReferences } from './tidy/documents.ts';
import { forbiddenImports } from './tidy/imports.ts';
import { longPieces } from './tidy/length.ts';
import { protocolNames } from './tidy/names.ts';

export interface SourceFile {
  /** Relative to the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export function trackedFiles(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((path) => /\.(ts|md)$/.test(path) && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

export function tidy(files: readonly SourceFile[]): string[] {
  return [
    ...forbiddenImports(files),
    ...protocolNames(files),
    ...longPieces(files),
    ...brokenReferences(files),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const findings = tidy(trackedFiles());
  for (const finding of findings) console.log(finding);
  if (findings.length > 0) process.exitCode = 1;
}
