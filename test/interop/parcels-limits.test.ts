import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { configJsonSchema } from '../../src/config/schema.ts';
import type { JsonSchemaObject } from '../../src/model/schema.ts';

/** Whether the configuration has an option of this name. */
function optionAt(path: string): JsonSchemaObject | undefined {
  let schema: JsonSchemaObject | undefined = configJsonSchema;
  for (const name of path.split('.')) {
    schema = (schema?.properties as Record<string, JsonSchemaObject> | undefined)?.[name];
  }
  return schema;
}

test('every option that the security page names exists, and loopback is the default', async () => {
  const page = await readFile('docs/security.md', 'utf8');
  const names = [
    ...page.matchAll(/`((?:listen|tls|limits|http|hub|auth|drain|protocols)\.[\w.]+)/g),
  ];
  assert.ok(names.length > 25);
  for (const [, name] of names) assert.ok(optionAt(name!) !== undefined, `there is no ${name}`);
  assert.equal(optionAt('listen.host')?.default, '127.0.0.1');
  assert.equal(optionAt('listen.insecure')?.default, false);
  assert.equal(optionAt('auth.anonymous')?.default, 'deny');
  assert.deepEqual(optionAt('http.cors.allowedOrigins')?.default, []);
});
