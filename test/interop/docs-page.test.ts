import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { Fault } from '../../src/model/fault.ts';
import { shop } from './rest-application.ts';
import { startServer } from './rest-server.ts';

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = existsSync(BROWSER) ? false : `there is no browser at ${BROWSER} (CHROMIUM)`;

test('the page asks for a token where the hub does, and then shows the contract', {
  skip,
}, async (context) => {
  const server = await startServer(shop(), {
    hub: {
      authenticator: {
        anonymous: 'deny',
        authenticate(credentials) {
          if (credentials.kind === 'bearer' && credentials.token === 'good') {
            return { id: 'ann', authenticated: true, scopes: new Set(['*']) };
          }
          throw new Fault('UNAUTHENTICATED', 'no');
        },
      },
    },
  });
  context.after(() => server.close());
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  context.after(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${server.url}/docs`);
  await page.getByText('type in a bearer token').waitFor();
  const token = page.getByLabel('Bearer token');
  for (const text of ['bad', 'good']) {
    await token.fill(text);
    await token.press('Enter');
  }
  await page.getByText('items.echo').first().waitFor();
  assert.notEqual(await page.title(), 'API documentation');
});
