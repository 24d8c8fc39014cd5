import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { EventSource } from 'eventsource';
import { startHub } from '#polywire/testing';
import { createApplication } from '../../examples/parcels/app.ts';

/** As much of a page as the script of browser.html touches. */
class Element {
  textContent = '';
  onclick: (() => unknown) | undefined;
  children: Element[] = [];

  replaceChildren(...children: Element[]): void {
    this.children = children;
  }
}

async function openPage(url: string, context: TestContext) {
  const html = await readFile('examples/clients/browser.html', 'utf8');
  const script = /<script type="module">([\s\S]*?)<\/script>/.exec(html)?.[1];
  assert.ok(script !== undefined);
  const elements = new Map(['#log', '#register', '#scans'].map((id) => [id, new Element()]));
  const page = {
    document: {
      querySelector: (id: string) => elements.get(id),
      createElement: () => new Element(),
    },
    location: { search: `?hub=${url}` },
    EventSource,
    WebSocket: class extends WebSocket {
      constructor(address: string) {
        super(address);
        context.after(() => this.close());
      }
    },
  };
  new Function(...Object.keys(page), script)(...Object.values(page));
  const log = elements.get('#log')!;
  const shows = async (text: string): Promise<void> => {
    for (let tries = 0; !log.textContent.includes(text); tries++) {
      assert.ok(tries < 300, `"${text}" is not in:\n${log.textContent}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { elements, shows };
}

test('the page registers with fetch, scans over a WebSocket and watches an EventSource', async (context) => {
  const hub = await startHub(createApplication());
  context.after(() => hub.close());
  const { elements, shows } = await openPage(hub.url, context);
  await elements.get('#register')!.onclick!();
  await shows('registered CP000000014CH');
  const buttons = new Map(
    elements.get('#scans')!.children.map((button) => [button.textContent, button]),
  );
  await buttons.get('delivered')!.onclick!();
  await shows('refused: A parcel cannot go there from where it is.');
  for (const step of ['collected', 'arrived', 'loaded', 'delivered']) {
    await buttons.get(step)!.onclick!();
    await shows(`-> ${step} (somewhere)`);
  }
  await shows('at its door');
});

test('a page of another origin gets in only when the hub is told to let it', async () => {
  const origin = 'http://localhost:8000';
  const ask = async (url: string): Promise<number> => {
    const response = await fetch(`${url}/rpc`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"parcels.count"}',
    });
    await response.body?.cancel();
    return response.status;
  };
  await using closed = await startHub(createApplication());
  assert.equal(await ask(closed.url), 403);
  await using open = await startHub(createApplication(), {
    config: { http: { cors: { allowedOrigins: [origin] } } },
  });
  assert.equal(await ask(open.url), 200);
});
