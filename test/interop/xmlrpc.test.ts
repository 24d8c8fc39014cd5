import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { until } from './until.ts';
import { callText, post, startXmlRpcHub } from './xmlrpc-hub.ts';

const PAIR =
  '<value><struct><member><name>a</name><value><int>5</int></value></member><member><name>b</name><value><i4>3</i4></value></member></struct></value>';
const TWO = '<value><double>2.0</double></value>';

/** The value in a response. */
function answeredBy(text: string): string | undefined {
  return /<param>(.*)<\/param>/s.exec(text)?.[1];
}

test('the head of requests and responses', async (context) => {
  const { xmlRpcUrl } = await startXmlRpcHub(context);
  const body = callText('test.subtract', PAIR);

  await context.test('is text/xml, with status 200 for answers and faults', async () => {
    const answer = await post(xmlRpcUrl, body);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type')!, /^text\/xml/);
    assert.equal(answeredBy(answer.text), TWO);
    assert.match(answer.text, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<methodResponse>/);
    const fault = await post(xmlRpcUrl, callText('test.fail'));
    assert.equal(fault.status, 200);
    assert.equal(fault.faultCode, -32009);
  });

  await context.test('takes text/xml and application/xml, nothing else', async () => {
    for (const type of [
      'text/xml',
      'application/xml',
      'Text/XML; charset="utf-8"',
      'application/xml;charset=UTF-8',
    ]) {
      assert.equal((await post(xmlRpcUrl, body, { 'content-type': type })).status, 200, type);
    }
    for (const type of ['text/plain', 'application/json', 'text/xmlish', 'nothing', '']) {
      const refused = await post(xmlRpcUrl, body, { 'content-type': type });
      assert.equal(refused.status, 415, type);
      assert.equal(refused.headers.get('accept-post'), 'text/xml, application/xml');
    }
  });

  await context.test('is POST', async () => {
    const response = await fetch(xmlRpcUrl);
    await response.body?.cancel();
    assert.equal(response.status, 405);
    assert.match(response.headers.get('allow') ?? '', /POST/);
  });

  await context.test('may be packed, both ways', async () => {
    const packed = await post(xmlRpcUrl, new Uint8Array(gzipSync(body)), {
      'content-encoding': 'gzip',
    });
    assert.equal(answeredBy(packed.text), TWO);
    assert.equal((await post(xmlRpcUrl, body, { 'content-encoding': 'zip' })).status, 415);
    const large = `<value><string>${'x'.repeat(5_000)}</string></value>`;
    const call = callText(
      'test.any',
      `<value><struct><member><name>value</name>${large}</member></struct></value>`,
    );
    const answer = await post(xmlRpcUrl, call, { 'accept-encoding': 'gzip' });
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    assert.equal(answeredBy(answer.text), large);
  });
});

test('encodings', async (context) => {
  const { xmlRpcUrl } = await startXmlRpcHub(context);
  const document = (encoding: string) =>
    `<?xml version="1.0" encoding="${encoding}"?><methodCall><methodName>test.any</methodName><params><param><value>Größe</value></param></params></methodCall>`;
  const answerTo = (bytes: Buffer, type = 'text/xml') =>
    post(xmlRpcUrl, new Uint8Array(bytes), { 'content-type': type });

  for (const [name, bytes, type] of [
    ['UTF-8', Buffer.from(document('UTF-8'))],
    ['ISO-8859-1', Buffer.from(document('ISO-8859-1'), 'latin1')],
    [
      'ISO-8859-1 of the transport',
      Buffer.from(document('utf-8'), 'latin1'),
      'text/xml; charset=iso-8859-1',
    ],
    ['UTF-16 with a mark', Buffer.from(`\uFEFF${document('UTF-16')}`, 'utf16le')],
    ['UTF-16, big-endian', Buffer.from(document('UTF-16'), 'utf16le').swap16()],
  ] as const) {
    await context.test(`${name} is read`, async () => {
      const answer = await answerTo(bytes, type);
      assert.equal(answeredBy(answer.text), '<value><string>Größe</string></value>');
    });
  }

  await context.test('others are refused by their own codes', async () => {
    const text = document('windows-1252');
    assert.equal((await answerTo(Buffer.from(text, 'latin1'))).faultCode, -32701);
    const utf8 = Buffer.from(document('utf-8'));
    assert.equal((await answerTo(utf8, 'text/xml; charset=koi8-r')).faultCode, -32701);
    assert.equal((await answerTo(Buffer.from(document('utf-8'), 'latin1'))).faultCode, -32702);
    assert.equal((await post(xmlRpcUrl, '<methodCall>\u0001</methodCall>')).faultCode, -32702);
  });
});

test('what is no call', async (context) => {
  const { xmlRpcUrl, hub } = await startXmlRpcHub(context);
  const meter = hub.diagnostics.meter('xmlrpc');
  for (const [faultCode, text] of [
    [-32700, ''],
    [-32700, 'not xml'],
    [-32700, '<methodCall><methodName>test.next</methodCall>'],
    [-32700, '<?xml version="1.0"?><?pi?><methodCall/>'],
    [
      -32700,
      '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><methodCall><methodName>&x;</methodName></methodCall>',
    ],
    [-32700, '<methodCall><methodName>&undefined;</methodName></methodCall>'],
    [-32600, '<methodResponse/>'],
    [-32600, '<methodCall/>'],
    [-32600, '<methodCall>text<methodName>test.next</methodName></methodCall>'],
    [-32600, '<methodCall><methodName> </methodName></methodCall>'],
    [-32600, '<methodCall><params/><methodName>test.next</methodName></methodCall>'],
    [-32600, '<methodCall><methodName>test.next</methodName><params/><params/></methodCall>'],
    [
      -32600,
      '<methodCall><methodName>test.next</methodName><params><value/></params></methodCall>',
    ],
    [-32600, callText('test.next', '<value/><value/>')],
    [-32600, callText('test.any', '<value><int>x</int></value>')],
    [-32600, callText('test.any', '<value><money>1</money></value>')],
    [-32600, callText('test.any', ...Array.from({ length: 65 }, () => '<value/>'))],
    [-32601, callText('test.missing')],
    [-32601, callText('test.watch')],
    [-32601, callText('system.reboot')],
    [-32601, callText('__proto__')],
    [-32602, callText('test.subtract')],
    [-32602, callText('test.next', '<value>1</value>')],
    [-32602, callText('test.subtract', '<value>5</value>', '<value>3</value>')],
    [
      -32602,
      callText(
        'test.nothing',
        '<value><struct><member><name>more</name><value/></member></struct></value>',
      ),
    ],
    [-32602, callText('test.any', '<value><i8>9007199254740993</i8></value>')],
  ] as const) {
    await context.test(`${faultCode} for ${text.slice(0, 90)}`, async () => {
      const before = { received: meter.received, refused: meter.refused };
      const answer = await post(xmlRpcUrl, text);
      assert.equal(answer.status, 200);
      assert.equal(answer.faultCode, faultCode, answer.text);
      assert.equal(meter.received, before.received + 1);
      assert.equal(meter.refused, before.refused + 1);
    });
  }
});

test('limits', async (context) => {
  const { xmlRpcUrl } = await startXmlRpcHub(context, {
    protocols: { xmlrpc: { maxRequestBytes: 4_000, maxDepth: 4, maxElements: 100 } },
  });
  const nested = (depth: number) =>
    callText(
      'test.any',
      `<value><struct><member><name>value</name>${'<value><array><data>'.repeat(depth)}${'</data></array></value>'.repeat(depth)}</member></struct></value>`,
    );
  assert.equal((await post(xmlRpcUrl, nested(3))).faultCode, undefined);
  assert.equal((await post(xmlRpcUrl, nested(4))).faultCode, -32600);
  assert.equal((await post(xmlRpcUrl, nested(30))).faultCode, -32008);
  const wide = `<value><array><data>${'<value/>'.repeat(120)}</data></array></value>`;
  assert.equal((await post(xmlRpcUrl, callText('test.any', wide))).faultCode, -32008);
  const large = callText('test.any', `<value>${'x'.repeat(5_000)}</value>`);
  assert.equal((await post(xmlRpcUrl, large)).status, 413);
  const bomb = new Uint8Array(gzipSync(large));
  assert.equal((await post(xmlRpcUrl, bomb, { 'content-encoding': 'gzip' })).status, 413);
});

describe('a declared error', () => {
  const struct = (text: string) => /<fault>(.*)<\/fault>/s.exec(text)?.[1] ?? '';

  it('is whole in a third member of the fault', async (context) => {
    const { xmlRpcUrl } = await startXmlRpcHub(context);
    const { text } = await post(xmlRpcUrl, callText('test.fail'));
    assert.match(
      struct(text),
      /<name>faultString<\/name><value><string>There are not enough left\.</,
    );
    assert.match(struct(text), /<name>fault<\/name><value><struct><member><name>code<\/name>/);
    assert.match(struct(text), /<name>error<\/name><value><string>OutOfStock</);
    assert.match(struct(text), /<name>left<\/name><value><int>3</);
  });

  it('is whole in the text, or left out, where the option says so', async (context) => {
    for (const [faultDetails, wanted] of [
      [
        'text',
        /^There are not enough left\.\n\{"code":"FAILED_PRECONDITION","error":"OutOfStock",/,
      ],
      ['none', /^There are not enough left\.$/],
    ] as const) {
      const { xmlRpcUrl } = await startXmlRpcHub(context, {
        protocols: { xmlrpc: { faultDetails } },
      });
      const { text } = await post(xmlRpcUrl, callText('test.fail'));
      assert.equal(text.match(/<member>/g)?.length, 2);
      assert.match(/faultString<\/name><value><string>(.*?)<\/string>/s.exec(text)![1]!, wanted);
    }
  });

  it('hides what a handler did not declare', async (context) => {
    const { xmlRpcUrl } = await startXmlRpcHub(context);
    const crash = await post(xmlRpcUrl, callText('test.crash'));
    assert.equal(crash.faultCode, -32603);
    assert.doesNotMatch(crash.text, /secret/);
    const control = await post(xmlRpcUrl, callText('test.control'));
    assert.equal(control.faultCode, -32603);
    assert.match(control.text, /U\+0007/);
  });
});

test('metadata, principal, trace and deadline come by headers', async (context) => {
  const { xmlRpcUrl, seen } = await startXmlRpcHub(context, {
    auth: { tokens: [{ id: 'ada', token: 'a-token-of-ada-lovelace', scopes: [] }] },
  });
  const authorization = 'Bearer a-token-of-ada-lovelace';
  const who = await post(xmlRpcUrl, callText('test.who'), {
    authorization,
    'x-color': 'green',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  });
  assert.match(who.text, /<name>principal<\/name><value><string>ada</);
  assert.match(who.text, /<name>header<\/name><value><string>green</);
  assert.match(who.text, /<name>authorization<\/name><value><nil\/>/);
  assert.match(who.text, /<string>00-4bf92f3577b34da6a3ce929d0e0e4736-/);

  for (const bad of ['Bearer wrong', 'Digest x', undefined]) {
    const headers: Record<string, string> = bad === undefined ? {} : { authorization: bad };
    const refused = await post(xmlRpcUrl, callText('test.who'), headers);
    assert.equal(refused.status, 200);
    assert.equal(refused.faultCode, -32016);
  }

  const late = await post(xmlRpcUrl, callText('test.forever'), {
    authorization,
    'x-timeout-ms': '30',
  });
  assert.equal(late.faultCode, -32004);
  assert.deepEqual(seen.aborted, ['DEADLINE_EXCEEDED']);
  const unclear = await post(xmlRpcUrl, callText('test.forever'), {
    authorization,
    'x-timeout-ms': 'soon',
  });
  assert.equal(unclear.faultCode, -32602);

  const reply = await post(xmlRpcUrl, callText('test.reply'), { authorization });
  assert.equal(reply.headers.get('x-reply'), 'Gr%C3%BC%C3%9Fe');
});

test('a client that leaves ends its call, and what waits behind it in a multicall', async (context) => {
  const { host, port, seen } = await startXmlRpcHub(context);
  const entry = (method: string) =>
    `<value><struct><member><name>methodName</name><value>${method}</value></member></struct></value>`;
  const calls = `<value><array><data>${entry('test.forever')}${entry('test.next')}</data></array></value>`;
  for (const body of [callText('test.forever'), callText('system.multicall', calls)]) {
    const socket = connect(port, host);
    socket.write(
      `POST /xmlrpc HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: text/xml\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
  }
  await until('both calls end', () => seen.aborted.length === 2);
  assert.deepEqual(seen.aborted, ['CANCELLED', 'CANCELLED']);
  assert.equal(seen.calls, 0);
});

test('system.multicall', async (context) => {
  const { xmlRpcUrl, hub } = await startXmlRpcHub(context, {
    protocols: { xmlrpc: { maxMulticall: 5 } },
  });
  const meter = hub.diagnostics.meter('xmlrpc');
  const entry = (method: string, params = '') =>
    `<value><struct><member><name>methodName</name><value><string>${method}</string></value></member><member><name>params</name><value><array><data>${params}</data></array></value></member></struct></value>`;
  const multicall = (...entries: string[]) =>
    post(
      xmlRpcUrl,
      callText(
        'system.multicall',
        `<value><array><data>${entries.join('')}</data></array></value>`,
      ),
    );

  await context.test('answers each call in its place, in order', async () => {
    const { text } = await multicall(
      entry('test.next'),
      entry('test.later', PAIR),
      entry('test.next'),
      entry('system.methodHelp', '<value>test.next</value>'),
    );
    const found = text.match(/<int>\d<\/int>|<double>2\.0<\/double>|<string>test\.next/g);
    assert.deepEqual(found, [
      '<int>1</int>',
      '<double>2.0</double>',
      '<int>2</int>',
      '<string>test.next',
    ]);
  });

  await context.test('puts faults inside', async () => {
    const { text, status } = await multicall(
      entry('test.fail'),
      entry('test.missing'),
      '<value>no struct</value>',
      entry('test.later', '<value>x</value>'),
      entry('system.multicall'),
    );
    assert.equal(status, 200);
    const codes = [...text.matchAll(/faultCode<\/name><value><int>(-\d+)/g)].map(
      ([, code]) => code,
    );
    assert.deepEqual(codes, ['-32009', '-32601', '-32602', '-32602', '-32600']);
  });

  await context.test('is bounded, takes one array, and counts its calls', async () => {
    const six = Array.from({ length: 6 }, () => entry('test.next'));
    assert.equal((await multicall(...six)).faultCode, -32008);
    assert.equal((await post(xmlRpcUrl, callText('system.multicall'))).faultCode, -32602);
    assert.equal(
      answeredBy((await multicall()).text),
      '<value><array><data></data></array></value>',
    );
    const before = meter.sent;
    await multicall(entry('test.next'), entry('test.next'));
    assert.equal(meter.sent, before + 2);
  });
});

test('what is served is told to callers whom the hub knows', async (context) => {
  const token = 'a-token-for-this-test-only';
  const { xmlRpcUrl } = await startXmlRpcHub(context, {
    auth: { tokens: [{ id: 'tester', token, scopes: [] }] },
  });
  for (const method of ['system.listMethods', 'system.getCapabilities']) {
    const refused = await post(xmlRpcUrl, callText(method));
    assert.notEqual(refused.faultCode, undefined, method);
    assert.match(refused.text, /UNAUTHENTICATED/);
    const answer = await post(xmlRpcUrl, callText(method), { authorization: `Bearer ${token}` });
    assert.equal(answer.faultCode, undefined, method);
  }
});
