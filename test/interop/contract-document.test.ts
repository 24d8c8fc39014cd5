import assert from 'node:assert/strict';
import { test } from 'node:test';
import hello from '../../examples/hello.ts';
import { parseContract } from '../../src/index.ts';
import { startHub } from '../../src/testing/index.ts';

const token = 'a-token-for-this-test-only';

test('/contract.json is the neutral form of what is served, for callers whom the hub knows', async () => {
  await using hub = await startHub(hello, {
    config: { auth: { tokens: [{ id: 'tester', token, scopes: [] }] } },
  });
  const url = `${hub.url}/contract.json`;
  assert.equal((await fetch(url)).status, 401);
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(response.status, 200);
  const contracts = (await response.json()) as unknown[];
  assert.deepEqual(
    contracts.map((contract) => parseContract(contract)),
    [hello.contract],
  );
});
