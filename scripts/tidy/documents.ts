import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import type { SourceFile } from '../tidy.ts';

const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g;
const CODE_PATH =
  /`((?:src|test|bench|examples|scripts|docs|\.ci)\/[A-Za-z0-9_./*-]*[A-Za-z0-9_/*-])`(?:[ ,]+`([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)?)(?:\(\))?`)?/g;

/**
 * Links and paths in Markdown that lead nowhere, and functions named behind a path that are not
 * in that file. What is written with a `*` is a pattern and is not looked up.
 */
export function brokenReferences(files: readonly SourceFile[]): string[] {
  const findings: string[] = [];
  const texts = new Map(files.map((file) => [file.path, file.text]));
  for (const file of files) {
    if (!file.path.endsWith('.md')) continue;
    for (const match of file.text.matchAll(LINK)) {
      const target = posix.normalize(posix.join(posix.dirname(file.path), match[1]!));
      if (!existsSync(target))
        findings.push(`${file.path}: links to ${match[1]}, which is not there.`);
    }
    for (const match of file.text.matchAll(CODE_PATH)) {
      const [, path, name] = match;
      if (path === undefined || path.includes('*')) continue;
      if (!existsSync(path)) {
        findings.push(`${file.path}: names ${path}, which is not there.`);
        continue;
      }
      const text = texts.get(path);
      const last = name?.split('.').at(-1);
      if (
        text !== undefined &&
        last !== undefined &&
        !new RegExp(`\\b${last.replaceAll('$', '\\$')}\\b`).test(text)
      ) {
        findings.push(`${file.path}: names ${name} of ${path}, which has no such name.`);
      }
    }
  }
  return findings;
}
