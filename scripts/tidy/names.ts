import type { SourceFile } from '../tidy.ts';

/** Protocols known to the design, shipped or to come; none may be named in the centre. */
const PROTOCOLS = [
  'rest',
  'graphql',
  'grpc',
  'soap',
  'jsonrpc',
  'xmlrpc',
  'websocket',
  'sse',
  'mcp',
  'mqtt',
  'amqp',
  'kafka',
];

const NAME = new RegExp(`(?<![a-z])(${PROTOCOLS.join('|')})(?![a-z])`, 'gi');

/** English has a word of its own for one of them. */
const ENGLISH =
  /\b(?:the|a|whole|all) rest\b|\brest (?:of|as|is|are|in)\b|\.\.\.rest|\brest\b(?=[,;)\]}]| =)/g;

/** Code of src/model and src/hub that names a protocol. Comments may: examples explain. */
export function protocolNames(files: readonly SourceFile[]): string[] {
  const findings: string[] = [];
  for (const file of files) {
    if (!/^src\/(model|hub)\//.test(file.path) || file.path.endsWith('.test.ts')) continue;
    withoutComments(file.text)
      .split('\n')
      .forEach((line, index) => {
        for (const match of line.replace(ENGLISH, '').matchAll(NAME)) {
          findings.push(
            `${file.path}:${index + 1}: names the protocol "${match[0]}"; the centre knows none.`,
          );
        }
      });
  }
  return findings;
}

/** The text with comments blanked and line numbers kept. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/[^\n]*/g, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  );
}
