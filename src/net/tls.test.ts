import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import tls from 'node:tls';
import { eventually, RawClient, talk, withListener } from '../../test/support/listener.ts';
import { JSON_HEADERS } from '../hub/header-list.ts';
import type { Route } from '../hub/protocol.ts';
import { NO_LOGGER } from './logger.ts';
import { completeNetOptions } from './options.ts';
import { TlsLayer } from './tls-layer.ts';

const fixtures = new URL('../../test/fixtures/tls/', import.meta.url).pathname;
const file = (name: string): string => join(fixtures, name);
const ca = readFileSync(file('ca.pem'));
const options = { tls: { cert: file('first.pem'), key: file('first.key') } };

const secure: Route = {
  method: 'GET',
  path: '/secure',
  handle(exchange) {
    const { peer, httpVersion } = exchange;
    exchange.respond(200, JSON_HEADERS, JSON.stringify({ secure: peer.secure, httpVersion }));
  },
};

function getOverTls(port: number, more: https.RequestOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    https
      .get({ host: '127.0.0.1', port, path: '/secure', ca, agent: false, ...more }, (response) => {
        let text = '';
        response.on('data', (part) => (text += part)).on('end', () => resolve(text));
      })
      .on('error', reject);
  });
}

/** Common name of the certificate that a new connection sees. */
function nameOfServer(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, ca }, () => {
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      resolve(String(subject.CN));
    });
    socket.on('error', reject);
  });
}

test('TLS and plain HTTP share the port', () =>
  withListener({ routes: [secure], options }, async ({ port, url }) => {
    assert.equal(await getOverTls(port), '{"secure":true,"httpVersion":"1.1"}');
    assert.equal(
      await (await fetch(`${url}/secure`)).text(),
      '{"secure":false,"httpVersion":"1.1"}',
    );
  }));

test('ALPN offers HTTP/2 first, then HTTP/1.1, and takes what else the client names', () =>
  withListener({ routes: [secure], options }, async ({ port }) => {
    const chosen = (ALPNProtocols: string[]) =>
      new Promise((resolve, reject) => {
        const socket = tls.connect({ host: '127.0.0.1', port, ca, ALPNProtocols }, () => {
          resolve(socket.alpnProtocol);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    assert.equal(await chosen(['http/1.1', 'h2']), 'h2');
    assert.equal(await chosen(['http/1.1']), 'http/1.1');
    assert.equal(await chosen(['mqtt']), 'mqtt');
  }));

test('an HTTP/2 client is served over TLS', () =>
  withListener({ routes: [secure], options }, async ({ port }) => {
    const session = http2.connect(`https://localhost:${port}`, { ca });
    const text = await new Promise<string>((resolve, reject) => {
      session.on('error', reject);
      const request = session.request({ ':path': '/secure' });
      let body = '';
      request.setEncoding('utf8').on('data', (part) => (body += part));
      request.on('end', () => resolve(body)).on('error', reject);
    });
    session.destroy();
    assert.equal(text, '{"secure":true,"httpVersion":"2"}');
  }));

test('large bodies pass in both directions', () => {
  const echo: Route = {
    method: 'POST',
    path: '/echo',
    async handle(exchange) {
      exchange.respond(200, JSON_HEADERS, await exchange.bytes(10_000_000));
    },
  };
  return withListener({ routes: [echo], options }, async ({ port }) => {
    const body = 'x'.repeat(3_000_000);
    const length = await new Promise((resolve, reject) => {
      const request = https.request(
        { host: '127.0.0.1', port, path: '/echo', method: 'POST', ca, agent: false },
        (response) => {
          let received = 0;
          response.on('data', (part: Buffer) => (received += part.length));
          response.on('end', () => resolve(received));
        },
      );
      request.on('error', reject).end(body);
    });
    assert.equal(length, body.length);
  });
});

test('plain connections are refused where TLS is required', () =>
  withListener(
    { routes: [secure], options: { tls: { ...options.tls, required: true } } },
    async ({ port, url, diagnostics }) => {
      assert.match(url, /^https:/);
      assert.equal(await talk(port, 'GET /secure HTTP/1.1\r\nHost: localhost\r\n\r\n'), '');
      assert.equal(diagnostics.meter('listener').refused, 1);
      assert.match(await getOverTls(port), /true/);
    },
  ));

test('client certificates are asked for where an authority is named', () =>
  withListener(
    { routes: [secure], options: { tls: { ...options.tls, ca: file('ca.pem') } } },
    async ({ port, diagnostics }) => {
      await assert.rejects(getOverTls(port));
      await eventually(() => diagnostics.meter('listener').refused > 0, 'the refusal is counted');
      const client = {
        cert: readFileSync(file('client.pem')),
        key: readFileSync(file('client.key')),
      };
      assert.match(await getOverTls(port, client), /true/);
    },
  ));

suite('a TLS handshake that does not happen', () => {
  test('garbage behind the first bytes is counted', () =>
    withListener({ routes: [secure], options }, async ({ port, diagnostics }) => {
      await talk(port, '\x16\x03\x01\x00\x05hello');
      assert.equal(diagnostics.meter('listener').refused, 1);
      assert.match(await getOverTls(port), /true/);
    }));

  test('a handshake that stops is closed in the time for detection', () =>
    withListener(
      { routes: [secure], options: { ...options, limits: { detectTimeMs: 80 } } },
      async ({ port, listener, diagnostics }) => {
        const client = new RawClient(port);
        client.send('\x16\x03\x01\x02\x00\x01');
        await client.untilClosed();
        await eventually(() => listener.connections === 0, 'the close');
        assert.equal(diagnostics.meter('listener').refused, 1);
      },
    ));

  test('a client that says nothing after its handshake is closed too', () =>
    withListener(
      { routes: [secure], options: { ...options, limits: { detectTimeMs: 80 } } },
      async ({ port, diagnostics }) => {
        await new Promise<void>((resolve, reject) => {
          const socket = tls.connect({ host: '127.0.0.1', port, ca });
          socket.on('close', () => resolve()).on('error', reject);
          socket.resume();
        });
        assert.equal(diagnostics.meter('listener').refused, 1);
      },
    ));
});

suite('certificates that change', () => {
  const folder = (): string => mkdtempSync(join(tmpdir(), 'polywire-tls-'));

  test('new connections see the new one; a broken file keeps the old', async () => {
    const directory = folder();
    const cert = join(directory, 'cert.pem');
    const key = join(directory, 'key.pem');
    copyFileSync(file('first.pem'), cert);
    copyFileSync(file('first.key'), key);
    const errors: string[] = [];
    const logger = {
      ...NO_LOGGER,
      error: (_: object, message: string) => void errors.push(message),
    };
    const server = tls.createServer();
    let layer: TlsLayer | undefined;
    let raw: net.Server | undefined;
    try {
      const complete = completeNetOptions({ tls: { cert, key } });
      layer = new TlsLayer(
        complete.tls,
        1_000,
        logger,
        (socket) => socket.end(),
        () => undefined,
        20,
      );
      const taken = layer;
      raw = net.createServer((socket) => {
        socket.once('data', (bytes) => {
          socket.pause();
          taken.take(socket, bytes);
        });
      });
      const listening = raw;
      await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
      const { port } = listening.address() as { port: number };
      assert.equal(await nameOfServer(port), 'first');
      copyFileSync(file('second.key'), key);
      copyFileSync(file('second.pem'), cert);
      for (let tries = 0; (await nameOfServer(port)) !== 'second'; tries++) {
        assert.ok(tries < 100, 'the new certificate is never used');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const before = errors.length;
      writeFileSync(cert, 'no certificate');
      await eventually(() => errors.length > before, 'the broken file is logged');
      assert.equal(await nameOfServer(port), 'second');
    } finally {
      raw?.close();
      layer?.close();
      server.close();
      rmSync(directory, { recursive: true });
    }
  });

  test('files that cannot be used at the start are an error of the start', async () => {
    await assert.rejects(
      withListener({ options: { tls: { cert: file('ca.pem') } } }, async () => {}),
      /tls\.key/,
    );
    await assert.rejects(
      withListener(
        { options: { tls: { cert: file('first.pem'), key: file('second.key') } } },
        async () => {},
      ),
      /mismatch/i,
    );
  });
});
