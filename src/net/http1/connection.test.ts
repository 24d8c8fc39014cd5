import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventually, RawClient, talk, withListener } from '../../../test/support/listener.ts';
import { headerList } from '../../hub/header-list.ts';
import type { Route } from '../../hub/protocol.ts';
import type { BodyWriter, Connection, Exchange } from '../../hub/transport.ts';

const TEXT = headerList('content-type', 'text/plain');
const HOST = 'Host: localhost\r\n';

/** Exchanges that wait until the test answers them. */
class Waiting {
  readonly exchanges: Exchange[] = [];
  readonly route: Route = {
    method: 'GET',
    path: '/wait/:id',
    handle: (exchange) => {
      this.exchanges.push(exchange);
    },
  };
}

const hello: Route = {
  method: 'GET',
  path: '/hello',
  handle: (exchange) => exchange.respond(200, TEXT, 'hello'),
};
const echo: Route = {
  method: 'POST',
  path: '/echo',
  async handle(exchange) {
    const bytes = await exchange.bytes(1_000);
    exchange.respond(200, TEXT, Buffer.from(bytes));
  },
};
const ignore: Route = {
  method: 'POST',
  path: '/ignore',
  handle: (exchange) => exchange.respond(200, TEXT, 'ignored'),
};
const stream: Route = {
  method: 'GET',
  path: '/stream',
  handle(exchange) {
    const writer = exchange.open(200, TEXT);
    writer.write('one');
    writer.write(Buffer.from('two'));
    writer.write('');
    writer.end(headerList('x-sum', '6'));
  },
};

const close = 'Connection: close\r\n';

test('HEAD answers the head of GET with the length and no body', () =>
  withListener({ routes: [hello, stream] }, async ({ port }) => {
    const answer = await talk(port, `HEAD /hello HTTP/1.1\r\n${HOST}${close}\r\n`);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /content-length: 5\r\n/);
    assert.match(answer, /date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
    assert.match(answer, /\r\n\r\n$/);
    const open = await talk(port, `HEAD /stream HTTP/1.1\r\n${HOST}${close}\r\n`);
    assert.match(open, /transfer-encoding: chunked\r\n/);
    assert.match(open, /\r\n\r\n$/);
  }));

test('a body in pieces goes out in chunks with its trailers', () =>
  withListener({ routes: [stream] }, async ({ port }) => {
    const answer = await talk(port, `GET /stream HTTP/1.1\r\n${HOST}${close}\r\n`);
    assert.match(answer, /\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\nx-sum: 6\r\n\r\n$/);
  }));

test('HTTP/1.0 gets a body in pieces without chunks, ended by the close', () =>
  withListener({ routes: [stream, hello] }, async ({ port }) => {
    const answer = await talk(port, 'GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n');
    assert.doesNotMatch(answer, /transfer-encoding/);
    assert.match(answer, /connection: close\r\n\r\nonetwo$/);
    const kept = new RawClient(port);
    kept.send('GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n');
    assert.match(await kept.until((text) => text.endsWith('hello')), /connection: keep-alive\r\n/);
    kept.send('GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n');
    assert.match(await kept.untilClosed(), /connection: close/);
  }));

test('Expect: 100-continue is answered when the body is asked for, and not before', () =>
  withListener({ routes: [echo, ignore] }, async ({ port }) => {
    const client = new RawClient(port);
    const head = `HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
    client.send(`POST /echo ${head}`);
    await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('hi');
    assert.match(await client.until((text) => text.endsWith('hi')), /200 OK/);
    client.send(`POST /ignore ${head}`);
    // The client may or may not send the body now: only a close makes the end certain.
    const answer = (await client.untilClosed()).split('200 OK').at(-1)!;
    assert.match(answer, /connection: close[\s\S]*ignored$/);
    assert.match(await talk(port, `POST /echo HTTP/1.1\r\n${HOST}Expect: tea\r\n\r\n`), / 417 /);
  }));

test('a body past the limit of its handler is refused with 413', () =>
  withListener({ routes: [echo] }, async ({ port }) => {
    const large = 'x'.repeat(2_000);
    for (const request of [
      `POST /echo HTTP/1.1\r\n${HOST}${close}Content-Length: 2000\r\n\r\n${large}`,
      `POST /echo HTTP/1.1\r\n${HOST}${close}Transfer-Encoding: chunked\r\n\r\n7d0\r\n${large}\r\n0\r\n\r\n`,
    ]) {
      const answer = await talk(port, request);
      assert.match(answer, /^HTTP\/1\.1 413 [\s\S]*RESOURCE_EXHAUSTED/);
    }
  }));

test('no body is larger than limits.bodyBytes, whatever a handler would take', () =>
  withListener({ routes: [echo], options: { limits: { bodyBytes: 10 } } }, async ({ port }) => {
    const head = `POST /echo HTTP/1.1\r\n${HOST}${close}`;
    const whole = await talk(port, `${head}Content-Length: 11\r\n\r\n01234567890`);
    assert.match(whole, /^HTTP\/1\.1 413 [\s\S]*10 bytes/);
    const chunks = 'Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n';
    assert.match(await talk(port, head + chunks), /^HTTP\/1\.1 413 /);
    assert.match(await talk(port, `${head}Content-Length: 10\r\n\r\n0123456789`), /0123456789$/);
  }));

test('a body nobody reads is thrown away, and the connection goes on', () =>
  withListener({ routes: [ignore, hello] }, async ({ port }) => {
    const client = new RawClient(port);
    client.send(`POST /ignore HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n`);
    await client.until((text) => text.endsWith('ignored'));
    client.send(`${'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(4_000).slice(0, 100_000)}`);
    client.send(`GET /hello HTTP/1.1\r\n${HOST}${close}\r\n`);
    const answer = await client.untilClosed();
    assert.equal(answer.split('HTTP/1.1 200').length, 3);
  }));

test('a body too large to throw away ends the connection behind the response', () =>
  withListener(
    { routes: [ignore], options: { http: { discardBytes: 1_000 } } },
    async ({ port }) => {
      const long = await talk(port, `POST /ignore HTTP/1.1\r\n${HOST}Content-Length: 5000\r\n\r\n`);
      assert.match(long, /connection: close[\s\S]*ignored$/);
      const client = new RawClient(port);
      client.send(`POST /ignore HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
      await client.until((text) => text.endsWith('ignored'));
      client.send(`7d0\r\n${'x'.repeat(2_000)}\r\n`);
      assert.equal((await client.untilClosed()).split('HTTP/1.1').length, 2);
    },
  ));

test('safe requests are worked on side by side and answered in order', () => {
  const waiting = new Waiting();
  return withListener({ routes: [waiting.route, hello] }, async ({ port }) => {
    const client = new RawClient(port);
    client.send(
      `GET /wait/1 HTTP/1.1\r\n${HOST}\r\nGET /wait/2 HTTP/1.1\r\n${HOST}\r\nGET /hello HTTP/1.1\r\n${HOST}${close}\r\n`,
    );
    await eventually(() => waiting.exchanges.length === 2, 'two requests');
    waiting.exchanges[1]!.respond(200, TEXT, 'second');
    const writer = waiting.exchanges[0]!.open(200, TEXT);
    writer.write('first');
    writer.end();
    assert.match(await client.untilClosed(), /first[\s\S]*second[\s\S]*hello$/);
  });
});

test('a request with side effects waits for the one before it', () => {
  const waiting = new Waiting();
  const order: string[] = [];
  const write: Route = {
    method: 'POST',
    path: '/write',
    handle(exchange) {
      order.push('write');
      exchange.respond(204, TEXT);
    },
  };
  return withListener({ routes: [waiting.route, write] }, async ({ port }) => {
    const client = new RawClient(port);
    client.send(`GET /wait/1 HTTP/1.1\r\n${HOST}\r\nPOST /write HTTP/1.1\r\n${HOST}${close}\r\n`);
    await eventually(() => waiting.exchanges.length === 1, 'the first request');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(order, []);
    waiting.exchanges[0]!.respond(200, TEXT, 'x');
    assert.match(await client.untilClosed(), / 204 No Content/);
  });
});

test('no more requests are taken in than may be in flight', () => {
  const waiting = new Waiting();
  return withListener(
    { routes: [waiting.route], options: { limits: { inFlight: 3 } } },
    async ({ port }) => {
      const client = new RawClient(port);
      client.send(`GET /wait/1 HTTP/1.1\r\n${HOST}\r\n`.repeat(10));
      await eventually(() => waiting.exchanges.length === 3, 'three requests');
      for (let index = 0; index < 10; index++) {
        await eventually(() => waiting.exchanges.length > index, 'the next request');
        assert.ok(waiting.exchanges.length <= index + 3);
        waiting.exchanges[index]!.respond(200, TEXT, 'x');
      }
      await client.until((text) => text.split('200 OK').length === 11);
      client.socket.destroy();
    },
  );
});

test('a client that leaves aborts what is running for it', () => {
  const waiting = new Waiting();
  return withListener({ routes: [waiting.route] }, async ({ port, diagnostics }) => {
    const client = new RawClient(port);
    client.send(`GET /wait/1 HTTP/1.1\r\n${HOST}\r\nGET /wait/2 HTTP/1.1\r\n${HOST}\r\n`);
    await eventually(() => waiting.exchanges.length === 2, 'two requests');
    const [first, second] = waiting.exchanges as [Exchange, Exchange];
    let aborted = 0;
    first.abortable = { abort: () => aborted++ };
    const writer = second.open(200, TEXT);
    client.socket.destroy();
    await eventually(() => aborted === 1, 'the abort');
    assert.equal(first.finished, true);
    assert.equal(writer.closed, true);
    await writer.drained();
    first.respond(200, TEXT, 'too late');
    second.abortable = { abort: () => aborted++ };
    assert.equal(aborted, 2);
    await eventually(() => diagnostics.meter('http').connections === 0, 'the close');
  });
});

test('a slow reader holds back the writer, not memory', () => {
  let writer: BodyWriter | undefined;
  const route: Route = {
    method: 'GET',
    path: '/large',
    handle(exchange) {
      writer = exchange.open(200, TEXT);
    },
  };
  return withListener({ routes: [route] }, async ({ port }) => {
    const client = new RawClient(port);
    client.socket.pause();
    client.send(`GET /large HTTP/1.1\r\n${HOST}\r\n`);
    await eventually(() => writer !== undefined, 'the request');
    const piece = Buffer.alloc(65_536, 'x');
    let pieces = 0;
    while (pieces < 1_000) {
      pieces++;
      if (writer!.write(piece)) continue;
      const drained = await Promise.race([
        writer!.drained().then(() => true),
        new Promise((resolve) => setTimeout(() => resolve(false), 100)),
      ]);
      if (drained === false) break;
    }
    assert.ok(pieces < 1_000, 'the writer is told to wait');
    let drained = false;
    const room = writer!.drained().then(() => (drained = true));
    client.socket.resume();
    await room;
    assert.equal(drained, true);
    writer!.end();
    await client.until((text) => text.endsWith('\r\n0\r\n\r\n'));
    client.socket.destroy();
  });
});

test('a body read in pieces arrives whole, with its trailers, and pauses the client', () => {
  let trailers: string | undefined;
  const route: Route = {
    method: 'POST',
    path: '/sum',
    async handle(exchange) {
      let bytes = 0;
      for await (const piece of exchange.body()) {
        bytes += piece.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      trailers = exchange.trailers?.get('x-end');
      exchange.respond(200, TEXT, String(bytes));
    },
  };
  return withListener({ routes: [route] }, async ({ port }) => {
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const answer = await talk(
      port,
      `POST /sum HTTP/1.1\r\n${HOST}${close}Transfer-Encoding: chunked\r\n\r\n${piece.repeat(40)}0\r\nX-End: yes\r\n\r\n`,
    );
    assert.match(answer, new RegExp(`\r\n\r\n${40 * 65_536}$`));
    assert.equal(trailers, 'yes');
    const whole = await talk(
      port,
      `POST /sum HTTP/1.1\r\n${HOST}${close}Content-Length: 5\r\n\r\nhello`,
    );
    assert.match(whole, /\r\n\r\n5$/);
  });
});

test('a body that turns out to be malformed fails its handler and closes the connection', () =>
  withListener({ routes: [echo, hello] }, async ({ port, diagnostics }) => {
    const answer = await talk(
      port,
      `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\nGET /hello HTTP/1.1\r\n${HOST}\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal(answer.split('HTTP/1.1 ').length, 2);
    assert.equal(diagnostics.meter('http').refused, 1);
  }));

test('a mistake behind good requests is answered after them, and nothing behind it is parsed', () =>
  withListener({ routes: [hello] }, async ({ port }) => {
    const good = `GET /hello HTTP/1.1\r\n${HOST}\r\n`;
    const answer = await talk(port, `${good}GET /hello HTTP/1.1\r\nHost : x\r\n\r\n${good}`);
    assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 400']);
  }));

suite('an upgrade hands the connection over with the bytes behind the head', () => {
  for (const later of [false, true]) {
    const lines: string[] = [];
    const accept = (connection: Connection) => ({
      data(bytes: Buffer) {
        lines.push(bytes.toString());
        connection.write(`echo ${bytes.toString()}`);
        if (bytes.toString().includes('bye')) connection.end();
      },
      ended: () => connection.end(),
      drained() {},
      closed: () => lines.push('closed'),
      drain: () => connection.end(),
    });
    const route: Route = {
      method: 'GET',
      path: '/up',
      async handle(exchange) {
        if (later) await new Promise((resolve) => setTimeout(resolve, 10));
        exchange.upgrade!(headerList('upgrade', 'lines', 'x-more', '1'), accept);
      },
    };
    test(later ? 'after a while' : 'at once', () =>
      withListener({ routes: [route] }, async ({ port, diagnostics }) => {
        const client = new RawClient(port);
        client.send(
          `GET /up HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: lines\r\n\r\nfirst`,
        );
        const head = await client.until((text) => text.endsWith('echo first'));
        assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
        assert.match(head, /upgrade: lines\r\n/);
        assert.match(head, /connection: upgrade\r\n/);
        assert.equal(diagnostics.meter('test').connections, 1);
        client.send('bye');
        await client.untilClosed();
        await eventually(() => lines.includes('closed'), 'the close');
        assert.deepEqual(lines, ['first', 'bye', 'closed']);
      }),
    );
  }
});

test('answering twice is an error of the handler, and what throws becomes a problem', () =>
  withListener(
    {
      routes: [
        {
          method: 'GET',
          path: '/twice',
          handle(exchange) {
            exchange.respond(200, TEXT, 'once');
            assert.throws(() => exchange.respond(200, TEXT, 'twice'));
          },
        },
        {
          method: 'GET',
          path: '/throws',
          handle() {
            throw new Error('the secret is 42');
          },
        },
        {
          method: 'GET',
          path: '/rejects',
          async handle() {
            throw new Error('the secret is 42');
          },
        },
      ],
    },
    async ({ url }) => {
      assert.equal(await (await fetch(`${url}/twice`)).text(), 'once');
      for (const path of ['/throws', '/rejects']) {
        const response = await fetch(url + path);
        assert.equal(response.status, 500);
        assert.equal(response.headers.get('content-type'), 'application/problem+json');
        assert.doesNotMatch(await response.text(), /42/);
      }
    },
  ));

test('a connection is closed after the most requests it may carry', () =>
  withListener(
    { routes: [hello], options: { http: { requestsPerConnection: 2 } } },
    async ({ port }) => {
      const answer = await talk(port, `GET /hello HTTP/1.1\r\n${HOST}\r\n`.repeat(3));
      assert.equal(answer.split('200 OK').length, 3);
      assert.match(answer, /connection: close[\s\S]*hello$/);
    },
  ));
