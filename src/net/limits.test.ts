import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventually, RawClient, talk, withListener } from '../../test/support/listener.ts';
import { headerList } from '../hub/header-list.ts';
import type { Detection, Route } from '../hub/protocol.ts';
import type { Connection, Receiver } from '../hub/transport.ts';
import type { Mounted } from './listener.ts';

const TEXT = headerList('content-type', 'text/plain');
const hello: Route = {
  method: 'GET',
  path: '/hello',
  handle: (exchange) => exchange.respond(200, TEXT, 'hello'),
};
const read: Route = {
  method: 'POST',
  path: '/read',
  async handle(exchange) {
    exchange.respond(200, TEXT, Buffer.from(await exchange.bytes(1_000)));
  },
};

/** A raw protocol: begins with "ECHO", sends back what it gets. */
function echoProtocol(receivers: Connection[] = []) {
  return (diagnostics: { meter(name: string): Mounted['meter'] }): Mounted[] => [
    {
      protocol: {
        name: 'echo',
        detect(bytes: Buffer): Detection {
          const text = bytes.toString('latin1', 0, 4);
          if (text === 'ECHO') return 'match';
          return 'ECHO'.startsWith(text) ? 'more' : 'no';
        },
      },
      server: {
        tryIt: () => [],
        accept(connection: Connection): Receiver {
          receivers.push(connection);
          return {
            data: (bytes) => connection.write(Buffer.from(bytes)),
            ended: () => connection.end(),
            drained() {},
            closed() {},
            drain: () => connection.end(),
          };
        },
      },
      meter: diagnostics.meter('echo'),
    },
  ];
}

suite('connections that do not say what they are', () => {
  const options = { limits: { detectTimeMs: 60 } };

  test('one that sends nothing is closed and counted', () =>
    withListener({ routes: [hello], options }, async ({ port, listener, diagnostics }) => {
      assert.equal(await new RawClient(port).untilClosed(), '');
      assert.equal(diagnostics.meter('listener').refused, 1);
      await eventually(() => listener.connections === 0, 'the connection is forgotten');
    }));

  test('one that sends a byte at a time is closed in the same time', () =>
    withListener({ routes: [hello], options }, async ({ port, diagnostics }) => {
      const client = new RawClient(port);
      const timer = setInterval(() => client.send('G'), 10);
      await client.untilClosed();
      clearInterval(timer);
      assert.equal(diagnostics.meter('listener').refused, 1);
    }));

  test('one whose bytes belong to no protocol is closed at once', () =>
    withListener({ mounted: echoProtocol() }, async ({ port, diagnostics }) => {
      const garbage = [
        '\0\0\0\0',
        'hello world\r\n',
        '\x16\x03\x01\x02\0\x01',
        '\x80\x2e\x01',
        'ECH1',
      ];
      for (const bytes of garbage) assert.equal(await talk(port, bytes), '');
      assert.equal(diagnostics.meter('listener').refused, garbage.length);
      assert.equal(diagnostics.meter('echo').connections, 0);
    }));

  test('a raw protocol is known by its first bytes, however they are split', () => {
    const connections: Connection[] = [];
    return withListener({ mounted: echoProtocol(connections) }, async ({ port, diagnostics }) => {
      const client = new RawClient(port);
      for (const character of 'ECHO') {
        client.send(character);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      await client.until((text) => text === 'ECHO');
      client.send(' more');
      await client.until((text) => text === 'ECHO more');
      const meter = diagnostics.meter('echo');
      assert.deepEqual([meter.connections, meter.bytesIn, meter.bytesOut], [1, 9, 9]);
      assert.equal(connections[0]!.peer.transport, 'tcp');
      client.socket.end();
      await client.untilClosed();
      await eventually(() => meter.connections === 0, 'the close is counted');
    });
  });
});

suite('HTTP/1.1 clients that take too long', () => {
  test('a head that comes a byte at a time is refused with 408', () =>
    withListener(
      { routes: [hello], options: { http: { headTimeMs: 80 } } },
      async ({ port, diagnostics }) => {
        const client = new RawClient(port);
        const request = `GET /hello HTTP/1.1\r\nX: ${'y'.repeat(1_000)}`;
        let at = 0;
        const timer = setInterval(() => client.send(request[at++] ?? 'y'), 5);
        const answer = await client.untilClosed();
        clearInterval(timer);
        assert.match(answer, /^HTTP\/1\.1 408 /);
        assert.equal(diagnostics.meter('http').refused, 1);
      },
    ));

  test('a body that comes a byte at a time is refused with 408', () =>
    withListener(
      { routes: [read], options: { http: { requestTimeMs: 80 } } },
      async ({ port, diagnostics }) => {
        const client = new RawClient(port);
        client.send('POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n');
        const timer = setInterval(() => client.send('x'), 5);
        const answer = await client.untilClosed();
        clearInterval(timer);
        assert.match(answer, /^HTTP\/1\.1 408 /);
        assert.equal(diagnostics.meter('http').refused, 1);
      },
    ));

  test('a connection without requests is closed after the idle time, without a word', () =>
    withListener(
      { routes: [hello], options: { http: { idleTimeMs: 60 } } },
      async ({ port, diagnostics }) => {
        const answer = await talk(port, 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n');
        assert.match(answer, /hello$/);
        assert.equal(diagnostics.meter('http').refused, 0);
      },
    ));

  test('a handler that takes its time is left alone', () =>
    withListener(
      {
        routes: [
          {
            method: 'GET',
            path: '/slow',
            async handle(exchange) {
              await new Promise((resolve) => setTimeout(resolve, 200));
              exchange.respond(200, TEXT, 'done');
            },
          },
        ],
        options: { http: { idleTimeMs: 40, headTimeMs: 40, requestTimeMs: 40 } },
      },
      async ({ port }) => {
        const answer = await talk(port, 'GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
        assert.match(answer, /done$/);
      },
    ));

  test('a client that never reads its response is cut', () =>
    withListener(
      {
        routes: [
          {
            method: 'GET',
            path: '/large',
            handle: (exchange) => exchange.respond(200, TEXT, Buffer.alloc(20_000_000, 'x')),
          },
        ],
        options: { limits: { sendTimeMs: 100 } },
      },
      async ({ port, listener, diagnostics }) => {
        const client = new RawClient(port);
        client.socket.pause();
        client.send('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await eventually(() => listener.connections === 1, 'the request');
        await eventually(() => listener.connections === 0, 'the cut');
        assert.equal(diagnostics.meter('listener').refused, 1);
        client.socket.destroy();
      },
    ));

  test('one that never reads a stream is cut, though a heartbeat is written again and again', () => {
    let aborted = 0;
    let beats = 0;
    const stream: Route = {
      method: 'GET',
      path: '/stream',
      async handle(exchange) {
        exchange.abortable = { abort: () => aborted++ };
        const writer = exchange.open(200, TEXT);
        const piece = 'x'.repeat(65_536);
        // More than the operating system keeps for both ends.
        for (let count = 0; count < 300; count++) {
          writer.write(piece);
          await new Promise(setImmediate);
        }
        const timer = setInterval(() => {
          if (writer.closed) clearInterval(timer);
          else {
            beats++;
            writer.write(':\n\n');
          }
        }, 10);
      },
    };
    return withListener(
      { routes: [stream], options: { limits: { sendTimeMs: 200, queuedBytes: 65_536 } } },
      async ({ port, listener, diagnostics }) => {
        const client = new RawClient(port);
        client.socket.pause();
        client.send('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await eventually(() => beats > 1, 'the heartbeat');
        await eventually(() => listener.connections === 0, 'the cut');
        assert.equal(aborted, 1);
        assert.equal(diagnostics.meter('listener').refused, 1);
        client.socket.destroy();
      },
    );
  });

  test('a raw connection that never reads is cut too', () =>
    withListener(
      { mounted: echoProtocol(), options: { limits: { sendTimeMs: 100 } } },
      async ({ port, listener, diagnostics }) => {
        const client = new RawClient(port);
        client.socket.pause();
        client.send('ECHO');
        const piece = 'x'.repeat(65_536);
        const timer = setInterval(() => client.send(piece), 1);
        await eventually(() => diagnostics.meter('listener').refused === 1, 'the cut');
        clearInterval(timer);
        await eventually(() => listener.connections === 0, 'the connection is gone');
        client.socket.destroy();
      },
    ));
});

suite('limits of connections', () => {
  test('connections past the limit of one address are closed and counted', () =>
    withListener(
      { routes: [hello], options: { limits: { connectionsPerAddress: 2 } } },
      async ({ port, listener, diagnostics }) => {
        const clients = [new RawClient(port), new RawClient(port)];
        await eventually(() => listener.connections === 2, 'two connections');
        assert.equal(await talk(port, 'GET /hello HTTP/1.1\r\n'), '');
        assert.equal(diagnostics.meter('listener').refused, 1);
        clients[0]!.socket.destroy();
        await eventually(() => listener.connections === 1, 'one is gone');
        const request = 'GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
        assert.match(await talk(port, request), /hello$/);
        clients[1]!.socket.destroy();
      },
    ));

  test('connections past the limit of all are closed and counted', () =>
    withListener(
      { routes: [hello], options: { limits: { connections: 1 } } },
      async ({ port, listener, diagnostics }) => {
        const client = new RawClient(port);
        await eventually(() => listener.connections === 1, 'one connection');
        assert.equal(await talk(port, 'GET'), '');
        assert.equal(diagnostics.meter('listener').refused, 1);
        client.socket.destroy();
      },
    ));
});

suite('draining', () => {
  test('running requests finish, idle connections are closed, new ones are answered once', () => {
    const finish: (() => void)[] = [];
    const slow: Route = {
      method: 'GET',
      path: '/slow',
      handle: (exchange) => void finish.push(() => exchange.respond(200, TEXT, 'finished')),
    };
    return withListener(
      { routes: [slow, hello], mounted: echoProtocol() },
      async ({ port, listener }) => {
        const busy = new RawClient(port);
        busy.send('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
        const idle = new RawClient(port);
        idle.send('GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n');
        const raw = new RawClient(port);
        raw.send('ECHO');
        const silent = new RawClient(port);
        await idle.until((text) => text.endsWith('hello'));
        await raw.until((text) => text === 'ECHO');
        await eventually(() => finish.length === 1 && listener.connections === 4, 'all are there');
        const drained = listener.drain(5_000);
        await idle.untilClosed();
        await raw.untilClosed();
        await silent.untilClosed();
        // Whoever comes meanwhile is answered once, and does not hold up the end.
        const late = await talk(port, 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n');
        assert.match(late, /^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*hello$/);
        const lingering = new RawClient(port);
        await eventually(() => listener.connections === 2, 'one who says nothing');
        finish[0]!();
        assert.match(await busy.untilClosed(), /connection: close[\s\S]*finished$/);
        await drained;
        assert.equal(listener.connections, 1);
        await listener.close();
        await lingering.untilClosed();
        assert.equal(await talk(port, 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n'), '');
      },
    );
  });

  test('what does not finish in time is cut', () =>
    withListener(
      { routes: [{ method: 'GET', path: '/never', handle() {} }] },
      async ({ port, listener }) => {
        const client = new RawClient(port);
        client.send('GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await eventually(() => listener.connections === 1, 'the request');
        await listener.drain(50);
        await client.untilClosed();
      },
    ));
});
