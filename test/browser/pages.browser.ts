/**
 * The pages that people open, in a real Chromium: the documentation page of a hub and the browser
 * example. Not part of `npm test`, which needs no browser; `.ci/steps/browser.sh` runs it.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import parcels from '../../examples/parcels/app.ts';
import { startHub, type TestHub } from '../../src/testing/index.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

assert.ok(existsSync(CHROMIUM), `no browser at ${CHROMIUM}; set CHROMIUM to one`);

let browser: Browser;
let hub: TestHub;
const example = await readFile(new URL('../../examples/clients/browser.html', import.meta.url));
const site = createServer((_, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8').end(example);
});
let siteUrl: string;

before(async () => {
  await new Promise<void>((resolve) => site.listen(0, 'localhost', resolve));
  siteUrl = `http://localhost:${(site.address() as AddressInfo).port}`;
  hub = await startHub([parcels], {
    config: { http: { cors: { allowedOrigins: [siteUrl] } } },
  });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

after(async () => {
  await browser?.close();
  await hub?.close();
  site.close();
});

/** A page that fails the test when it logs an error. */
async function open(url: string): Promise<{ readonly page: Page; readonly errors: string[] }> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.setDefaultTimeout(15_000);
  await page.goto(url);
  return { page, errors };
}

test('the documentation page shows the operations and sends a call', async () => {
  const { page, errors } = await open(`${hub.url}/docs`);
  await page.getByText('/parcels/{id}', { exact: false }).first().waitFor();
  assert.equal(await page.getByText('parcels.register', { exact: true }).first().isVisible(), true);
  const operation = page.locator('section, article').filter({ hasText: 'parcels.list' }).last();
  await operation.getByRole('button').first().click();
  await page.getByText('"parcels": []').or(page.getByText('"parcels":[]')).first().waitFor();
  assert.deepEqual(errors, []);
});

test("the README's WebSocket snippet works when it is pasted into the documentation page", async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const snippet = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  assert.match(snippet, /new WebSocket/);
  const { page, errors } = await open(`${hub.url}/docs`);
  const printed = page.waitForEvent('console', (message) => message.text().includes('"result"'));
  await page.evaluate(snippet.replaceAll('ws://127.0.0.1:7070', hub.url.replace('http', 'ws')));
  assert.match((await printed).text(), /"id":1/);
  assert.deepEqual(errors, []);
});

test('the browser example registers, scans over a WebSocket and follows by EventSource', async () => {
  const { page, errors } = await open(`${siteUrl}/?hub=${encodeURIComponent(hub.url)}`);
  await page.getByRole('button', { name: 'Register a parcel' }).click();
  await page.getByText(/registered CP\d{9}CH/).waitFor();
  await page.getByRole('button', { name: 'collected' }).click();
  await page.getByText(/-> collected \(somewhere\)/).waitFor();
  await page.getByRole('button', { name: 'delivered' }).click();
  await page.getByText(/refused: /).waitFor();
  assert.deepEqual(errors, []);
});

test('a page of an origin that is not allowed can neither call nor connect', async () => {
  const foreign = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<title>foreign</title>');
  });
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
  try {
    const { page } = await open(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
    const outcome = await page.evaluate(async (url) => {
      const call = await fetch(`${url}/parcels`).then(
        () => 'answered',
        () => 'refused',
      );
      const socket = await new Promise<string>((resolve) => {
        const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
        webSocket.onopen = () => resolve('open');
        webSocket.onerror = () => resolve('refused');
      });
      return { call, socket };
    }, hub.url);
    assert.deepEqual(outcome, { call: 'refused', socket: 'refused' });
  } finally {
    foreign.close();
  }
});

test('the GraphQL page shows the schema, runs a query and follows a subscription', async () => {
  const { page, errors } = await open(`${hub.url}/graphql`);
  await page.getByRole('button', { name: 'parcelsRegister', exact: true }).click();
  const document = page.getByLabel('Document');
  assert.match(await document.inputValue(), /^mutation \{\n {2}parcelsRegister\(recipient: \{name/);
  await document.fill('{ parcelsList(limit: 2) { parcels { id } } }');
  await document.press('Control+Enter');
  await page.getByText('"parcelsList"').waitFor();
  await page.getByText(/^200 in \d+ ms/).waitFor();
  await document.fill('subscription { parcelsMoved { id } }');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.getByText('Waiting for events').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped.').waitFor();
  await page.getByLabel('Find a type or field').fill('recipient');
  await page
    .getByRole('button', { name: 'AddressInput' })
    .or(page.getByText('.recipient'))
    .first()
    .waitFor();
  await page.close();
  assert.deepEqual(errors, []);
});

test('the GraphQL page proposes the fields of the type at the cursor', async () => {
  const { page, errors } = await open(`${hub.url}/graphql`);
  await page.getByRole('button', { name: 'parcelsGet', exact: true }).waitFor();
  const document = page.getByLabel('Document');
  await document.fill('');
  await document.pressSequentially('{ parcelsGet(id: "x") { recip');
  await page.getByRole('button', { name: 'recipient', exact: true }).click();
  assert.equal(await document.inputValue(), '{ parcelsGet(id: "x") { recipient');
  await page.close();
  assert.deepEqual(errors, []);
});
