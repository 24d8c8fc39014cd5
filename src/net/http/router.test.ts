import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { talk, withListener } from '../../../test/support/listener.ts';
import { Meter } from '../../hub/diagnostics.ts';
import { JSON_HEADERS } from '../../hub/header-list.ts';
import type { Route } from '../../hub/protocol.ts';
import { Router } from './router.ts';

function target(method: Route['method'], path: string, protocol = 'one') {
  return { route: { method, path, handle() {} }, meter: new Meter(protocol), protocol };
}

suite('the router', () => {
  test('prefers a path that is written out over a parameter', () => {
    const router = new Router();
    const fixed = target('GET', '/orders/count');
    const byId = target('GET', '/orders/:id');
    router.add(byId);
    router.add(fixed);
    assert.equal(router.find('GET', '/orders/count')?.target, fixed);
    assert.equal(router.find('GET', '/orders/7')?.target, byId);
    assert.deepEqual({ ...router.find('GET', '/orders/7')?.parameters }, { id: '7' });
    assert.equal(router.find('GET', '/orders'), undefined);
    assert.equal(router.find('GET', '/orders/'), undefined);
    assert.equal(router.find('DELETE', '/orders/7'), undefined);
  });

  test('decodes parameters once, and leaves escaped slashes inside them', () => {
    const router = new Router();
    router.add(target('GET', '/orders/:id'));
    router.add(target('GET', '/files/*'));
    const id = (path: string) => router.find('GET', path)?.parameters.id;
    assert.equal(id('/orders/a%20b'), 'a b');
    assert.equal(id('/orders/a%2Fb'), 'a/b');
    assert.equal(id('/orders/%2541'), '%41');
    assert.equal(id('/orders/%E2%82%AC'), '€');
    assert.equal(id('/orders/a;b'), 'a;b');
    assert.equal(router.find('GET', '/files/a/b')?.parameters['*'], 'a/b');
    for (const bad of ['/orders/%', '/orders/%zz', '/orders/%E2%82', '/orders/%c0%af']) {
      assert.equal(router.find('GET', bad), undefined, bad);
    }
  });

  test('knows a path by the escapes of its letters too', () => {
    const router = new Router();
    const fixed = target('GET', '/orders');
    router.add(fixed);
    assert.equal(router.find('GET', '/%6frders')?.target, fixed);
    assert.equal(router.find('GET', '/orders%2F'), undefined);
  });

  test('refuses a path that two protocols claim', () => {
    const router = new Router();
    router.add(target('POST', '/rpc'));
    router.add(target('GET', '/rpc', 'two'));
    router.add(target('GET', '/x/:id'));
    assert.throws(() => router.add(target('POST', '/rpc', 'two')), /one and two claim POST \/rpc/);
    assert.throws(() => router.add(target('POST', '/rpc', 'one')), /one has POST \/rpc twice/);
    assert.throws(() => router.add(target('GET', '/x/:name', 'two')), /one and two claim GET/);
    assert.throws(() => router.add(target('GET', 'x')), /must begin with/);
  });

  test('names like those of objects are ordinary paths', () => {
    const router = new Router();
    router.add(target('GET', '/x/:id'));
    for (const path of ['/__proto__', '/constructor', '/x/__proto__/y']) {
      assert.equal(router.find('GET', path), undefined);
    }
    assert.equal(router.find('GET', '/x/__proto__')?.parameters.id, '__proto__');
    assert.equal(router.find('constructor', '/x/1'), undefined);
  });
});

test('answers what no route takes: 404, 405, 400, 501, OPTIONS and OPTIONS *', () => {
  const routes: Route[] = (['GET', 'PUT'] as const).map((method) => ({
    method,
    path: '/orders/:id',
    handle: (exchange) => exchange.respond(200, JSON_HEADERS, JSON.stringify(exchange.parameters)),
  }));
  return withListener({ routes }, async ({ port, diagnostics }) => {
    const ask = (line: string) =>
      talk(port, `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    assert.match(await ask('GET /orders/1'), /200 OK[\s\S]*\{"id":"1"\}$/);
    assert.match(await ask('GET /nothing'), /^HTTP\/1\.1 404 [\s\S]*application\/problem\+json/);
    assert.match(
      await ask('DELETE /orders/1'),
      /^HTTP\/1\.1 405 [\s\S]*allow: GET, HEAD, PUT, OPTIONS\r\n/,
    );
    assert.match(await ask('TRACE /orders/1'), /^HTTP\/1\.1 405 /);
    assert.match(await ask('BREW /orders/1'), /^HTTP\/1\.1 501 /);
    assert.match(await ask('GET /orders/%zz'), /^HTTP\/1\.1 400 /);
    assert.match(
      await ask('OPTIONS /orders/1'),
      /^HTTP\/1\.1 204 [\s\S]*allow: GET, HEAD, PUT, OPTIONS\r\n/,
    );
    assert.match(await ask('OPTIONS *'), /^HTTP\/1\.1 204 [\s\S]*allow: /);
    assert.match(await ask('OPTIONS /nothing'), /^HTTP\/1\.1 404 /);
    assert.equal(diagnostics.meter('http').refused, 6);
  });
});
