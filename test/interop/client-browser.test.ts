import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { posix } from 'node:path';
import { test } from 'node:test';

const IMPORT = /\b(?:import|export)\b[^;'"]*?\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g;
/** What Node has and browsers do not. */
const NODE_ONLY = /\b(Buffer|process|setImmediate|require|__dirname)\b/;

/** The modules that are loaded with one, with their code and no types. */
async function loaded(
  path: string,
  found = new Map<string, string>(),
): Promise<Map<string, string>> {
  if (found.has(path)) return found;
  const code = stripTypeScriptTypes(await readFile(path, 'utf8'));
  const withoutComments = code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*/g, '');
  found.set(path, withoutComments);
  for (const [, from, dynamic] of withoutComments.matchAll(IMPORT)) {
    const target = (from ?? dynamic)!;
    assert.ok(target.startsWith('.'), `${path} loads ${target}, which browsers do not have`);
    await loaded(posix.join(posix.dirname(path), target), found);
  }
  return found;
}

test('the client loads nothing that a browser does not have', async () => {
  const modules = await loaded('src/client/index.ts');
  assert.ok(modules.has('src/wire/jsonrpc/client-session.ts'));
  for (const [path, code] of modules) {
    const line = code.split('\n').find((text) => NODE_ONLY.test(text));
    // A name that stands only in a type test (`typeof x === ...`) would be found too, on purpose.
    assert.equal(line, undefined, `${path} uses what only Node has`);
  }
});
