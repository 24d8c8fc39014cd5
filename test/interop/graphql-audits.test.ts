/**
 * The audits of GraphQL over HTTP that graphql-http brings for servers, against a real hub.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { fetch } from 'undici';
import { startHub } from '../../src/testing/index.ts';
import { graphqlApplication } from './graphql-application.ts';

const hub = await startHub([graphqlApplication()]);
test.after(() => hub.close());

const audits = serverAudits({ url: `${hub.url}/graphql`, fetchFn: fetch });

test('there are as many audits as were passed when this was written', () => {
  assert.ok(audits.length >= 61, `${audits.length} audits`);
});

for (const audit of audits) {
  test(`${audit.id}: ${audit.name}`, async () => {
    const result = await audit.fn();
    if (result.status !== 'ok') assert.fail(`${result.status}: ${result.reason}`);
  });
}
