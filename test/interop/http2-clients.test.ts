import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import http2 from 'node:http2';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { H2CClient } from 'undici';
import { withHttp2Server } from './http2-kit.ts';

interface Answer {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly trailers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer | string,
  trailers?: http2.OutgoingHttpHeaders,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, {
      endStream: body === undefined,
      waitForTrailers: trailers !== undefined,
    });
    let head: http2.IncomingHttpHeaders & { ':status'?: number } = {};
    let tail: http2.IncomingHttpHeaders = {};
    const pieces: Buffer[] = [];
    stream.on('response', (received) => (head = received));
    stream.on('trailers', (received) => (tail = received));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers!));
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', reject);
    stream.on('end', () =>
      resolve({
        status: head[':status'] ?? 0,
        headers: head,
        trailers: tail,
        body: Buffer.concat(pieces),
      }),
    );
    if (body !== undefined) stream.end(body);
  });
}

async function withSession(
  run: (session: http2.ClientHttp2Session, server: { aborted: number }) => Promise<void>,
  options: Parameters<typeof withHttp2Server>[1] = {},
): Promise<void> {
  await withHttp2Server(async ({ url, seen }) => {
    const session = http2.connect(url);
    session.on('error', () => undefined);
    try {
      await run(session, seen);
    } finally {
      session.destroy();
    }
  }, options);
}

test('node:http2 gets answers with headers, date and length', () =>
  withSession(async (session) => {
    const answer = await ask(session, { ':path': '/' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.headers['content-length'], '11');
    assert.ok(!Number.isNaN(Date.parse(answer.headers.date!)));
    assert.equal(answer.body.toString(), '{"ok":true}');
    const head = await ask(session, { ':path': '/', ':method': 'HEAD' });
    assert.equal(head.headers['content-length'], '11');
    assert.equal(head.body.length, 0);
    const missing = await ask(session, { ':path': '/nothing' });
    assert.equal(missing.status, 404);
    const later = await ask(session, { ':path': '/later/a%20b', 'x-name': 'Ada' });
    assert.equal(later.body.toString(), 'a b Ada');
  }));

test('a body in many frames is read whole, and trailers go both ways', () =>
  withSession(async (session) => {
    const body = Buffer.alloc(600_000, 'y');
    const whole = await ask(session, { ':path': '/', ':method': 'POST' }, body);
    assert.equal(whole.body.toString(), 'later 600000');
    const echo = await ask(session, { ':path': '/echo', ':method': 'POST' }, body, {
      'x-sum': '7',
    });
    assert.deepEqual(echo.body, body);
    assert.equal(echo.trailers['x-trailer'], '7');
    const tooLarge = await ask(
      session,
      { ':path': '/', ':method': 'POST', 'content-length': '1000001' },
      Buffer.alloc(1_000_001),
    );
    assert.equal(tooLarge.status, 413);
  }));

test('responses larger than the windows come whole while others get their turns', () =>
  withSession(async (session) => {
    const answers = await Promise.all(
      [3_000_000, 5, 1_000_000, 100_000, 0].map((bytes) =>
        ask(session, { ':path': `/large/${bytes}` }),
      ),
    );
    assert.deepEqual(
      answers.map((answer) => answer.body.length),
      [3_000_000, 5, 1_000_000, 100_000, 0],
    );
  }));

test('many requests at once are all answered', () =>
  withSession(async (session) => {
    const ids = Array.from({ length: 90 }, (_, index) => index);
    const answers = await Promise.all(
      ids.map((id) => ask(session, { ':path': `/later/${id}`, 'x-name': 'n' })),
    );
    assert.deepEqual(
      answers.map((answer) => answer.body.toString()),
      ids.map((id) => `${id} n`),
    );
  }));

test('a request that the client cancels is aborted in its handler', () =>
  withSession(async (session, seen) => {
    const stream = session.request({ ':path': '/endless' });
    await new Promise((resolve) => stream.once('data', resolve));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    const after = await ask(session, { ':path': '/' });
    assert.equal(after.status, 200);
    assert.equal(seen.aborted, 1);
  }));

test('a response before the end of the body reaches the client', () =>
  withSession(async (session) => {
    const stream = session.request({ ':path': '/early', ':method': 'POST' });
    stream.on('error', () => undefined);
    const status = await new Promise((resolve) =>
      stream.once('response', (headers) => resolve(headers[':status'])),
    );
    assert.equal(status, 403);
    stream.write(Buffer.alloc(1_000));
    stream.end();
    assert.equal((await ask(session, { ':path': '/' })).status, 200);
  }));

test('a long mixed run on one connection is answered to the last request', () =>
  withSession(
    async (session, seen) => {
      // Small windows, so that flow control is at work all the time; a fixed series of sizes.
      const sizes = Array.from({ length: 400 }, (_, index) => (index * 7_919) % 60_000);
      const queue = sizes.map((size, index) => async () => {
        if (index % 10 === 0) {
          const stream = session.request({ ':path': '/endless' });
          stream.on('error', () => undefined);
          await new Promise((resolve) => stream.once('data', resolve));
          const closed = new Promise((resolve) => stream.once('close', resolve));
          stream.close(http2.constants.NGHTTP2_CANCEL);
          await closed;
        } else if (index % 3 === 0) {
          const answer = await ask(session, { ':path': `/large/${size}` });
          assert.equal(answer.body.length, size);
        } else if (index % 3 === 1) {
          const answer = await ask(
            session,
            { ':path': '/early', ':method': 'POST' },
            Buffer.alloc(size),
          );
          assert.equal(answer.status, 403);
        } else {
          const body = Buffer.alloc(size, index);
          const answer = await ask(session, { ':path': '/echo', ':method': 'POST' }, body);
          assert.deepEqual(answer.body, body);
        }
      });
      const worker = async () => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next();
      };
      await Promise.all(Array.from({ length: 20 }, worker));
      assert.equal(seen.aborted, 40);
    },
    { http2: { streamWindowBytes: 65_535, connectionWindowBytes: 65_535, responseBytes: 20_000 } },
  ));

test('a graceful end lets running requests finish and refuses new ones', () =>
  withHttp2Server(async ({ url, listener }) => {
    const session = http2.connect(url);
    const running = Promise.all(
      [1, 2, 3].map((id) => ask(session, { ':path': `/later/${id}`, 'x-name': 'n' })),
    );
    const closed = new Promise((resolve) => session.once('close', resolve));
    const goneAway = new Promise((resolve) => session.once('goaway', resolve));
    await ask(session, { ':path': '/' });
    const drained = listener.drain(5_000);
    await Promise.all([running, goneAway, closed, drained]);
    assert.equal(listener.connections, 0);
  }));

test('undici speaks HTTP/2 without TLS to it', () =>
  withHttp2Server(async ({ url }) => {
    const client = new H2CClient(url);
    try {
      const path = '/echo';
      const answers = await Promise.all(
        [0, 1, 100_000].map(async (size) => {
          const { statusCode, body } = await client.request({
            method: 'POST',
            path,
            body: Buffer.alloc(size, 'z'),
          });
          assert.equal(statusCode, 200);
          return (await body.arrayBuffer()).byteLength;
        }),
      );
      assert.deepEqual(answers, [0, 1, 100_000]);
    } finally {
      await client.destroy();
    }
  }));

test('curl speaks HTTP/2 with prior knowledge to it', async (t) => {
  const run = promisify(execFile);
  const version = await run('curl', ['--version']).catch(() => ({ stdout: '' }));
  if (!version.stdout.includes('HTTP2')) {
    t.skip('no curl with HTTP/2 here');
    return;
  }
  await withHttp2Server(async ({ url }) => {
    const options = ['--silent', '--show-error', '--max-time', '10', '--http2-prior-knowledge'];
    const { stdout } = await run('curl', [
      ...options,
      '--write-out',
      ' %{http_version} %{http_code}',
      '--data',
      'hello',
      `${url}/`,
    ]);
    assert.match(stdout, /^(at once|later) 5 2 200$/);
  });
});
