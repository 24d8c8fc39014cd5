import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokenReferences } from './tidy/documents.ts';
import { forbiddenImports } from './tidy/imports.ts';
import { longPieces } from './tidy/length.ts';
import { protocolNames } from './tidy/names.ts';

const file = (path: string, text: string) => ({ path, text });

test('an import that points upward is found, also a dynamic one', () => {
  const findings = forbiddenImports([
    file('src/model/a.ts', "import { Hub } from '../hub/hub.ts';"),
    file('src/hub/b.ts', "const x = await import('../protocols/rest/index.ts');"),
    file('src/hub/c.ts', "import { Fault } from '../model/fault.ts';"),
  ]);
  assert.equal(findings.length, 2);
  assert.match(findings[0]!, /^src\/model\/a\.ts: imports src\/hub\/hub\.ts/);
  assert.match(findings[1]!, /^src\/hub\/b\.ts/);
});

test('a protocol that imports its sibling is found, its own files are not', () => {
  const findings = forbiddenImports([
    file(
      'src/protocols/soap/index.ts',
      "import a from '../rest/names.ts';\nimport b from './options.ts';",
    ),
  ]);
  assert.equal(findings.length, 1);
  assert.match(findings[0]!, /sibling/);
});

test('what supports tests is used by tests alone', () => {
  const text = "import { x } from './a.test-support.ts';";
  const findings = forbiddenImports([
    file('src/hub/b.ts', text),
    file('src/hub/b.test.ts', text),
    file('src/hub/c.test-support.ts', text),
  ]);
  assert.equal(findings.length, 1);
  assert.match(findings[0]!, /^src\/hub\/b\.ts/);
});

test('typebox at run time is found where every start would load it', () => {
  const findings = forbiddenImports([
    file('src/middleware/a.ts', "import { type Static, Type } from 'typebox';"),
    file('src/middleware/b.ts', "import type { Static } from 'typebox';\nimport x from 'node:fs';"),
    file('src/model/validation/c.ts', "import { Compile } from 'typebox/schema';"),
  ]);
  assert.equal(findings.length, 1);
  assert.match(findings[0]!, /^src\/middleware\/a\.ts: imports typebox/);
});

test('a folder that the list does not know is found', () => {
  const findings = forbiddenImports([file('src/extra/a.ts', "import '../model/call.ts';")]);
  assert.equal(findings.length, 1);
});

test('a protocol named in the centre is found, the English word and comments are not', () => {
  const findings = protocolNames([
    file(
      'src/hub/a.ts',
      "// as in gRPC\nconst [first, ...rest] = levels;\nif (name === 'mqtt') return rest;",
    ),
    file('src/protocols/mqtt/a.ts', "const name = 'mqtt';"),
  ]);
  assert.deepEqual(findings.length, 1);
  assert.match(findings[0]!, /^src\/hub\/a\.ts:3/);
});

test('long files and long functions are found', () => {
  const body = 'x();\n'.repeat(90);
  assert.match(
    longPieces([file('src/a.ts', `function wide() {\n${body}}\n`)])[0]!,
    /wide has 92 lines/,
  );
  assert.match(longPieces([file('src/b.ts', 'x();\n'.repeat(401))])[0]!, /402 lines/);
  assert.deepEqual(longPieces([file('src/c.ts', 'x();\n'.repeat(300))]), []);
});

test('dead links, paths and function names in documents are found', () => {
  const findings = brokenReferences([
    file(
      'docs/a.md',
      '[gone](gone.md) `src/gone.ts` `scripts/tidy.ts` `tidy` `scripts/tidy.ts` `vanished`',
    ),
    file('scripts/tidy.ts', 'export function tidy() {}'),
  ]);
  assert.equal(findings.length, 3);
});
