import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, suite, test } from 'node:test';
import { REQUEST_CASES } from '../../../test/fixtures/http1/requests.ts';

/** Whether node:http hands the request (and its whole body) to a handler. */
function accepted(port: number, bytes: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')));
    socket.setTimeout(5_000, () => reject(new Error('node:http did not answer')));
    socket.setEncoding('latin1');
    socket.once('data', (part: string) => {
      socket.destroy();
      resolve(part.startsWith('HTTP/1.1 200'));
    });
    socket.once('end', () => resolve(false));
    socket.once('error', reject);
  });
}

suite('answers as node:http does, but where a reason is written down', () => {
  const server = http.createServer({ insecureHTTPParser: false }, (request, response) => {
    request.resume().on('end', () => response.end('ok'));
  });
  let port = 0;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as net.AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const { name, bytes, expect, node } of REQUEST_CASES) {
    test(node === undefined ? name : `${name}: ${node.why}`, async () => {
      const expected = node === undefined ? expect === 'accept' : node.does === 'accept';
      assert.equal(await accepted(port, bytes), expected);
    });
  }
});
