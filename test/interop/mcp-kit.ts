import type { TestContext } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  command,
  contract,
  error,
  event,
  implement,
  query,
  service,
  stream,
} from '../../src/index.ts';
import { startHub, type TestHub } from '../../src/testing/index.ts';

const Item = {
  type: 'object',
  properties: { id: { type: 'string' }, weight: { type: 'number', minimum: 0 } },
  required: ['id'],
  additionalProperties: false,
} as const;

const Reading = {
  type: 'object',
  properties: { room: { type: 'string' }, celsius: { type: 'number' } },
  required: ['room', 'celsius'],
  additionalProperties: false,
} as const;

const Count = {
  type: 'object',
  properties: { from: { type: 'integer' }, to: { type: 'integer' } },
  required: ['to'],
  additionalProperties: false,
} as const;

const OutOfStock = error({
  code: 'FAILED_PRECONDITION',
  message: 'There is none left.',
  doc: 'Nothing of it is left.',
  data: {
    type: 'object',
    properties: { id: { type: 'string' }, back: { type: 'string' } },
    required: ['id'],
    additionalProperties: false,
  } as const,
});

export const shop = contract({
  name: 'shop',
  version: '1.2.3',
  doc: 'A shop with a thermometer.',
  errors: { OutOfStock },
  services: {
    shop: service({
      operations: {
        get: query({ doc: 'One item.', input: Item, output: Item }),
        names: query({ output: { type: 'array', items: { type: 'string' } } as const }),
        buy: command({ doc: 'Takes one.', input: Item, output: Item, errors: ['OutOfStock'] }),
        forget: command({ input: Item, http: { method: 'DELETE', path: '/items/{id}' } }),
        secret: query({ output: Item, scopes: ['shop:secret'] as const }),
        old: query({ output: Item, deprecated: 'use get' }),
        echo: query({ output: { type: 'object' } as const }),
        count: query({ input: Count, output: stream({ type: 'integer' } as const) }),
        ticks: query({ output: stream({ type: 'integer' } as const) }),
        breaks: query({ output: stream({ type: 'integer' } as const), errors: ['OutOfStock'] }),
        wait: command({ input: Item, output: Item }),
        sum: command({ input: stream(Item), output: { type: 'number' } as const }),
      },
      events: {
        sold: event({ doc: 'An item was sold.', payload: Item }),
        measured: event({ payload: Reading, subject: 'rooms.{room}.celsius' }),
        audited: event({ payload: Item, scopes: ['shop:secret'] }),
      },
    }),
  },
});

/** What the handlers saw. */
export interface Seen {
  aborted: string[];
  started: number;
  open: number;
  /** Pushes an item to everybody who reads `ticks`. */
  tick(value: number): void;
}

export function shopApplication(seen: Seen) {
  const tickers = new Set<(value: number) => void>();
  seen.tick = (value) => {
    for (const tell of tickers) tell(value);
  };
  return implement(shop, {
    shop: {
      get: async (input) => input,
      names: async () => ['a', 'b'],
      buy: async (input, context) => {
        if (input.id === 'none') throw shop.errors.OutOfStock({ id: 'none', back: 'May' });
        if (input.id === 'bug') throw new Error('a password of the database');
        await context.emit('shop.sold', input);
        return input;
      },
      forget: async () => null,
      secret: async () => ({ id: 'secret' }),
      old: async () => ({ id: 'old' }),
      echo: async (_, context) => {
        context.setReplyMetadata('x-shop', 'open');
        return {
          principal: context.principal.id,
          tenant: context.metadata.get('x-tenant') ?? null,
          authorization: context.metadata.get('authorization') ?? null,
          trace: context.trace?.traceparent ?? null,
        };
      },
      count: async function* (input) {
        for (let value = input.from ?? 1; value <= input.to; value++) yield value;
      },
      ticks: async function* (_, context) {
        const waiting: number[] = [];
        let wake = (): void => undefined;
        const tell = (value: number): void => {
          waiting.push(value);
          wake();
        };
        context.signal.addEventListener('abort', () => wake(), { once: true });
        tickers.add(tell);
        seen.open++;
        try {
          while (!context.signal.aborted) {
            while (waiting.length > 0) yield waiting.shift()!;
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        } finally {
          seen.open--;
          tickers.delete(tell);
        }
      },
      breaks: async function* () {
        yield 1;
        yield 2;
        throw shop.errors.OutOfStock({ id: 'two' });
      },
      wait: async (input, context) => {
        seen.started++;
        const { signal } = context;
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener('abort', () => resolve(), { once: true });
          if (input.id === 'short') setTimeout(resolve, 50);
        });
        if (signal.aborted) seen.aborted.push((signal.reason as { code: string }).code);
        return input;
      },
      sum: async (items) => {
        let total = 0;
        for await (const item of items) total += item.weight ?? 0;
        return total;
      },
    },
  });
}

export const FULL = 'token-of-somebody-who-may-do-everything';
export const LIMITED = 'token-of-somebody-who-may-do-little';

export async function startShop(
  context: TestContext,
  options: { readonly mcp?: Record<string, unknown>; readonly secured?: boolean } = {},
): Promise<{ readonly hub: TestHub; readonly seen: Seen; readonly url: string }> {
  const seen: Seen = { aborted: [], started: 0, open: 0, tick: () => undefined };
  const hub = await startHub([shopApplication(seen)], {
    config: {
      protocols: { mcp: options.mcp ?? {} },
      ...(options.secured === true
        ? {
            auth: {
              anonymous: 'allow',
              tokens: [
                { id: 'full', token: FULL, scopes: ['*'] },
                { id: 'limited', token: LIMITED, scopes: [] },
              ],
            },
          }
        : {}),
    },
  });
  context.after(() => hub.close());
  return { hub, seen, url: `${hub.url}/mcp` };
}

const headersOf = (token: string | undefined) => ({
  requestInit: { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } },
});

const ABOUT = { name: 'interop', version: '1.0.0' };

/** The official client of the revision without sessions. */
export async function modernClient(
  context: TestContext,
  url: string,
  token?: string,
): Promise<Client> {
  const client = new Client(ABOUT, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), headersOf(token)));
  context.after(() => client.close());
  return client;
}

/** The official client of the revision before it. */
export async function sessionClient(
  context: TestContext,
  url: string,
  token?: string,
): Promise<SessionClient> {
  const client = new SessionClient(ABOUT);
  await client.connect(new SessionTransport(new URL(url), headersOf(token)) as Transport);
  context.after(() => client.close());
  return client;
}

/** What every request of revision 2026-07-28 says of itself. */
export const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': ABOUT,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A request as text that goes out as it is written, and the response as it came. */
export async function post(
  url: string,
  message: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: typeof message === 'string' ? message : JSON.stringify(message),
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    signal: AbortSignal.timeout(10_000),
  });
}

/** A request of revision 2026-07-28 with the headers that it asks for. */
export function modernPost(
  url: string,
  method: string,
  params: Record<string, unknown> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { _meta: own = {}, ...others } = params;
  const name = params.name ?? params.uri;
  return post(
    url,
    {
      jsonrpc: '2.0',
      id: 1,
      method,
      params: { ...others, _meta: { ...MODERN_META, ...(own as object) } },
    },
    {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...headers,
    },
  );
}
