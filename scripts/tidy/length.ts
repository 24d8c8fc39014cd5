import ts from 'typescript';
import type { SourceFile } from '../tidy.ts';

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 80;

/** Files and functions that are long for a reason. A reason that no longer applies is a finding. */
const REASONS: Readonly<Record<string, string>> = {};

export function longPieces(files: readonly SourceFile[]): string[] {
  const findings: string[] = [];
  const used = new Set<string>();
  const report = (key: string, text: string): void => {
    if (REASONS[key] === undefined) findings.push(text);
    else used.add(key);
  };
  for (const file of files) {
    if (!/^(src|scripts|bench|examples)\/.*\.ts$/.test(file.path)) continue;
    if (file.path.endsWith('.test.ts')) continue;
    const lines = file.text.split('\n').length;
    if (lines > MAX_FILE_LINES) {
      report(
        file.path,
        `${file.path}: ${lines} lines; at most ${MAX_FILE_LINES}, or a reason in scripts/tidy/length.ts.`,
      );
    }
    for (const piece of longFunctions(file)) {
      report(
        `${file.path}#${piece.name}`,
        `${file.path}:${piece.line}: ${piece.name} has ${piece.lines} lines; at most ${MAX_FUNCTION_LINES}, or a reason in scripts/tidy/length.ts.`,
      );
    }
  }
  for (const key of Object.keys(REASONS)) {
    if (!used.has(key)) findings.push(`scripts/tidy/length.ts: "${key}" needs no reason any more.`);
  }
  return findings;
}

interface LongFunction {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

function longFunctions(file: SourceFile): LongFunction[] {
  if (file.text.split('\n').length <= MAX_FUNCTION_LINES) return [];
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const found: LongFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
      const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
      if (last - first + 1 > MAX_FUNCTION_LINES) {
        found.push({ name: nameOf(node, source), line: first + 1, lines: last - first + 1 });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node: ts.SignatureDeclaration, source: ts.SourceFile): string {
  if (node.name !== undefined) return node.name.getText(source);
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const parent = node.parent;
  if (parent !== undefined && ts.isVariableDeclaration(parent)) return parent.name.getText(source);
  return 'a function';
}
