import { posix } from 'node:path';
import type { SourceFile } from '../tidy.ts';

/**
 * The folders of src/ and what each may import beside itself. Downward only; `index.ts` is the
 * package's face and names only what users see.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  hub: ['model', 'formats'],
  formats: ['model'],
  wire: ['hub', 'model', 'formats'],
  net: ['hub', 'model', 'formats', 'wire'],
  log: ['hub', 'model', 'formats'],
  engines: ['hub', 'model', 'formats'],
  middleware: ['hub', 'model', 'formats'],
  protocols: ['hub', 'model', 'formats', 'wire'],
  routes: ['hub', 'model', 'formats'],
  rules: ['hub', 'model', 'formats'],
  ipc: ['hub', 'model', 'formats', 'wire'],
  client: ['model', 'formats', 'wire'],
  'index.ts': ['model'],
  'standard.ts': ['hub', 'model', 'protocols', 'middleware', 'engines', 'log'],
  config: [
    'standard.ts',
    'hub',
    'model',
    'formats',
    'wire',
    'net',
    'middleware',
    'log',
    'engines',
    'protocols',
    'index.ts',
  ],
  testing: ['config', 'standard.ts', 'client', 'hub', 'model', 'net', 'index.ts'],
  console: ['config', 'standard.ts', 'client', 'hub', 'model', 'formats', 'wire', 'net'],
  cli: [
    'config',
    'standard.ts',
    'client',
    'console',
    'testing',
    'hub',
    'model',
    'formats',
    'log',
    'middleware',
    'wire',
    'net',
    'middleware',
    'protocols',
    'index.ts',
  ],
};

const IMPORT = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)['"](\.{1,2}\/[^'"]+)['"]/gm;

/** Import of more than types: `import { type Static }` without any value is one too. */
const TYPEBOX = /^import\s+(?!type\b)[^;]*?\sfrom\s+'typebox(?:\/[^']*)?'/m;

/** Tests, and what only they use. */
const TESTS = /\.test(-support)?\.ts$/;

/** Imports that point upward or sideways. Unit tests and what supports them may use anything
 * below src, and nothing else may use what supports tests: it is not in the package. */
export function forbiddenImports(files: readonly SourceFile[]): string[] {
  const findings: string[] = [];
  for (const file of files) {
    if (!file.path.startsWith('src/') || TESTS.test(file.path)) continue;
    const from = areaOf(file.path);
    if (TYPEBOX.test(file.text) && !file.path.startsWith('src/model/validation/')) {
      findings.push(
        `${file.path}: imports typebox for more than types, which every start would pay for with 300 modules; options are written with src/hub/option-type.ts.`,
      );
    }
    for (const match of file.text.matchAll(IMPORT)) {
      const target = posix.normalize(posix.join(posix.dirname(file.path), match[1]!));
      const reason = whyForbidden(file.path, from, target);
      if (reason !== undefined) findings.push(`${file.path}: imports ${target}; ${reason}`);
    }
  }
  return findings;
}

function whyForbidden(path: string, from: string, target: string): string | undefined {
  if (!target.startsWith('src/')) return 'it lies outside src/.';
  if (TESTS.test(target)) return 'it is for tests alone.';
  const to = areaOf(target);
  if (from === 'protocols' && to === 'protocols') {
    return protocolOf(path) === protocolOf(target)
      ? undefined
      : 'a protocol never imports a sibling; shared pieces live in src/wire/.';
  }
  if (from === to) return undefined;
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) return `src/${from} has no line in scripts/tidy/imports.ts.`;
  return allowed.includes(to)
    ? undefined
    : `src/${from} may import only ${allowed.join(', ') || 'nothing'}.`;
}

/** First folder below src/, or the file's own name where it lies in src/ itself. */
function areaOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function protocolOf(path: string): string {
  return path.split('/')[2] ?? '';
}
