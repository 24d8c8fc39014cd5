/**
 * Documents that are made from the code. `npm run docs` writes them; `--check` fails when one on
 * disk differs from what the code says.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { cliDocument } from './docs/cli.ts';
import { contractSchemaDocument } from './docs/contract-schema.ts';
import { faultTableDocument } from './docs/faults.ts';
import { kafkaDocument } from './docs/kafka.ts';
import { optionsDocument } from './docs/options.ts';

export interface GeneratedDocument {
  readonly path: string;
  make(): string | Promise<string>;
}

const DOCUMENTS: readonly GeneratedDocument[] = [
  cliDocument,
  contractSchemaDocument,
  faultTableDocument,
  kafkaDocument,
  optionsDocument,
];

const check = process.argv.includes('--check');
let stale = 0;

for (const document of DOCUMENTS) {
  const wanted = await document.make();
  if (read(document.path) === wanted) continue;
  if (check) {
    stale++;
    console.log(`${document.path} is not what the code says; run \`npm run docs\` and commit it.`);
  } else {
    mkdirSync(dirname(document.path), { recursive: true });
    writeFileSync(document.path, wanted);
    console.log(`wrote ${document.path}`);
  }
}

if (stale > 0) process.exitCode = 1;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there yet: it is stale.
    return undefined;
  }
}
