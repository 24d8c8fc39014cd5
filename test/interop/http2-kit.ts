import { Diagnostics } from '../../src/hub/diagnostics.ts';
import { headerList, JSON_HEADERS } from '../../src/hub/header-list.ts';
import type { Route } from '../../src/hub/protocol.ts';
import { createListener, type Listener } from '../../src/net/listener.ts';
import { completeNetOptions, type NetOptions } from '../../src/net/options.ts';

const TEXT = headerList('content-type', 'text/plain');

/** What the routes below saw, for tests to look at. */
export interface Seen {
  aborted: number;
}

function routesOf(seen: Seen): Route[] {
  return [
    {
      method: 'GET',
      path: '/',
      handle: (exchange) => exchange.respond(200, JSON_HEADERS, '{"ok":true}'),
    },
    {
      method: 'POST',
      path: '/',
      handle: (exchange) => {
        const body = exchange.bytes(1_000_000);
        if (!(body instanceof Promise)) {
          exchange.respond(200, TEXT, `at once ${body.length}`);
          return;
        }
        return body.then((bytes) => exchange.respond(200, TEXT, `later ${bytes.length}`));
      },
    },
    {
      method: 'POST',
      path: '/echo',
      async handle(exchange) {
        const writer = exchange.open(200, TEXT);
        for await (const piece of exchange.body()) {
          if (!writer.write(piece)) await writer.drained();
        }
        const sum = exchange.trailers?.get('x-sum');
        writer.end(headerList('x-trailer', sum ?? 'none'));
      },
    },
    {
      method: 'GET',
      path: '/large/:bytes',
      handle: (exchange) =>
        exchange.respond(200, TEXT, Buffer.alloc(Number(exchange.parameters.bytes), 'x')),
    },
    {
      method: 'GET',
      path: '/later/:id',
      async handle(exchange) {
        await new Promise((resolve) => setImmediate(resolve));
        exchange.respond(200, TEXT, `${exchange.parameters.id} ${exchange.headers.get('x-name')}`);
      },
    },
    {
      method: 'POST',
      path: '/early',
      handle: (exchange) => exchange.respond(403, TEXT, 'no'),
    },
    {
      method: 'GET',
      path: '/endless',
      async handle(exchange) {
        const writer = exchange.open(200, TEXT);
        exchange.abortable = {
          abort: () => {
            seen.aborted++;
          },
        };
        while (!writer.closed) {
          if (!writer.write('x'.repeat(10_000))) await writer.drained();
        }
      },
    },
  ];
}

export interface Http2Server {
  readonly listener: Listener;
  readonly url: string;
  readonly port: number;
  readonly diagnostics: Diagnostics;
  readonly seen: Seen;
}

/** A listener with a few routes, on a free port. */
export async function startHttp2Server(
  options: Parameters<typeof completeNetOptions>[0] = {},
): Promise<Http2Server> {
  const diagnostics = new Diagnostics();
  const seen = { aborted: 0 };
  const complete: NetOptions = completeNetOptions({ ...options, listen: { port: 0 } });
  const listener = await createListener(
    complete,
    [
      {
        protocol: { name: 'test' },
        server: { routes: routesOf(seen), tryIt: () => [] },
        meter: diagnostics.meter('test'),
      },
    ],
    diagnostics,
  );
  const { url, port } = listener.address;
  return { listener, url, port, diagnostics, seen };
}

/** Runs against a server and closes it. */
export async function withHttp2Server(
  run: (server: Http2Server) => Promise<void>,
  options: Parameters<typeof completeNetOptions>[0] = {},
): Promise<void> {
  const server = await startHttp2Server(options);
  try {
    await run(server);
  } finally {
    await server.listener.close();
  }
}
