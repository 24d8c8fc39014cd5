import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XmlRpcClient, type XmlRpcFault } from '@foxglove/xmlrpc';
import xmlrpc from 'xmlrpc';
import { startXmlRpcHub } from './xmlrpc-hub.ts';

/** What an integer, a double, bytes and a time look like to both clients. */
const EVERYTHING = {
  text: ' <tag> & ümläut\n',
  count: -2_147_483_648,
  ratio: 0.25,
  flag: false,
  at: new Date('2026-01-02T03:04:05Z'),
  bytes: Buffer.from([0, 255, 128]),
  day: '2026-01-02',
  numbers: [1.5, -2.25],
  nested: { list: [[1, 2], []], more: 'text' },
};

test('the npm client xmlrpc', async (context) => {
  const { host, port } = await startXmlRpcHub(context);
  const client = xmlrpc.createClient({ host, port, path: '/xmlrpc' });
  const call = (method: string, ...params: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      client.methodCall(method, params, (error, value) => {
        if (error) reject(error);
        else resolve(value);
      });
    });

  await context.test('every type comes back as it went', async () => {
    assert.deepEqual(await call('test.echo', EVERYTHING), EVERYTHING);
    assert.deepEqual(await call('test.any', { value: [null, { a: 1.5 }] }), [null, { a: 1.5 }]);
  });

  await context.test('parameters by name and by position', async () => {
    assert.equal(await call('test.subtract', { a: 5, b: 3 }), 2);
    assert.equal(await call('test.later', 5, 3), 2);
  });

  await context.test('faults, whose further members it leaves aside', async () => {
    await assert.rejects(call('test.fail'), {
      faultCode: -32009,
      faultString: 'There are not enough left.',
    });
    await assert.rejects(call('test.missing'), { faultCode: -32601 });
  });

  await context.test('introspection', async () => {
    const methods = (await call('system.listMethods')) as string[];
    assert.ok(methods.includes('test.echo') && methods.includes('system.multicall'));
    assert.ok(!methods.includes('test.watch'));
    for (const method of methods) {
      const signatures = (await call('system.methodSignature', method)) as string[][];
      assert.ok(signatures.length > 0 && signatures.every((one) => one.length > 0), method);
      assert.notEqual(await call('system.methodHelp', method), '');
    }
    assert.deepEqual(await call('system.methodSignature', 'test.subtract'), [
      ['double', 'struct'],
      ['double', 'double', 'double', 'string'],
      ['double', 'double', 'double'],
    ]);
    assert.match(String(await call('system.methodHelp', 'test.subtract')), /^Takes b from a\.\n/);
    await assert.rejects(call('system.methodHelp', 'test.nowhere'), { faultCode: -32601 });
    await assert.rejects(call('system.methodHelp'), { faultCode: -32602 });
    const capabilities = (await call('system.getCapabilities')) as Record<
      string,
      { specVersion: number }
    >;
    assert.equal(capabilities.faults_interop?.specVersion, 20_010_516);
  });
});

test('the client of @foxglove/xmlrpc', async (context) => {
  const { xmlRpcUrl } = await startXmlRpcHub(context);
  const client = new XmlRpcClient(xmlRpcUrl);

  await context.test('every type comes back as it went', async () => {
    assert.deepEqual(await client.methodCall('test.echo', [EVERYTHING]), EVERYTHING);
  });

  await context.test('several calls at once, one of which fails', async () => {
    const [first, second, third] = await client.multiMethodCall([
      { methodName: 'test.subtract', params: [5, 3] },
      { methodName: 'test.fail', params: [] },
      { methodName: 'test.later', params: [{ a: 1, b: 1 }] },
    ]);
    assert.equal(first, 2);
    assert.equal((second as unknown as XmlRpcFault).faultCode, -32009);
    assert.equal(third, 0);
  });

  await context.test('faults', async () => {
    await assert.rejects(client.methodCall('test.fail', []), { faultCode: -32009 });
  });
});
