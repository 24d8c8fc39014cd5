import assert from 'node:assert/strict';
import { it, test } from 'node:test';
import fc from 'fast-check';
import { parseXml } from '../../src/wire/xml/reader.ts';
import { callText, post, startXmlRpcHub } from './xmlrpc-hub.ts';

/** Requests as three clients write them. */
const REAL: readonly string[] = [
  // Python 3.11, xmlrpc.client
  "<?xml version='1.0'?>\n<methodCall>\n<methodName>test.echo</methodName>\n<params>\n<param>\n<value><struct>\n<member>\n<name>text</name>\n<value><string>a &lt;b&gt; ü</string></value>\n</member>\n<member>\n<name>count</name>\n<value><int>-5</int></value>\n</member>\n<member>\n<name>at</name>\n<value><dateTime.iso8601>20260102T03:04:05</dateTime.iso8601></value>\n</member>\n<member>\n<name>bytes</name>\n<value><base64>\nAP+A\n</base64></value>\n</member>\n<member>\n<name>nothing</name>\n<value><nil/></value></member>\n</struct></value>\n</param>\n</params>\n</methodCall>\n",
  // npm xmlrpc 1.3.2
  '<?xml version="1.0"?><methodCall><methodName>test.subtract</methodName><params><param><value><int>5</int></value></param><param><value><double>3.5</double></value></param></params></methodCall>',
  // Apache XML-RPC 3, with its extensions
  '<?xml version="1.0" encoding="UTF-8"?><methodCall xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"><methodName>test.any</methodName><params><param><value><struct><member><name>value</name><value><array><data><value><ex:nil/></value><value><ex:i8>12</ex:i8></value><value>text</value></data></array></value></member></struct></value></param></params></methodCall>',
  // Python's MultiCall
  "<?xml version='1.0'?>\n<methodCall>\n<methodName>system.multicall</methodName>\n<params>\n<param>\n<value><array><data>\n<value><struct>\n<member>\n<name>methodName</name>\n<value><string>test.next</string></value>\n</member>\n<member>\n<name>params</name>\n<value><array><data>\n</data></array></value>\n</member>\n</struct></value>\n</data></array></value>\n</param>\n</params>\n</methodCall>\n",
];

test('mutated real requests are answered, each and in the form of XML-RPC', async (context) => {
  const { xmlRpcUrl } = await startXmlRpcHub(context);
  const piece = fc.constantFrom(
    ...[
      '<',
      '>',
      '</value>',
      '<value>',
      '<int>',
      '</int>',
      '&',
      '&#0;',
      '<![CDATA[',
      ']]>',
      '<!--',
    ],
    ...['\u0000', '\r', ' ', '1e999', '-', '99999999999999999999', '__proto__', '<nil/>', '<data>'],
    ...['<!DOCTYPE a [<!ENTITY e "e">]>', '&e;', ' xmlns="urn:x"', '<?xml version="1.0"?>', '="'],
  );
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat(40),
    insert: fc.oneof(fc.constant(''), piece),
  });
  const request = fc.tuple(
    fc.constantFrom(...REAL),
    fc.array(change, { minLength: 1, maxLength: 3 }),
    fc.option(fc.tuple(fc.nat(), fc.nat(255))),
  );
  await fc.assert(
    fc.asyncProperty(request, async ([real, changes, byte]) => {
      let text = real;
      for (const { at, remove, insert } of changes) {
        const index = Math.floor(at * text.length);
        text = text.slice(0, index) + insert + text.slice(index + remove);
      }
      const bytes = new Uint8Array(Buffer.from(text));
      if (byte !== null && bytes.length > 0) bytes[byte[0] % bytes.length] = byte[1];
      const answer = await post(xmlRpcUrl, bytes);
      assert.equal(answer.status, 200);
      const root = parseXml(answer.text);
      assert.equal(root.name, 'methodResponse');
      assert.match(root.children[0]!.name, /^(?:params|fault)$/);
    }),
    { numRuns: 600 },
  );
  assert.equal((await post(xmlRpcUrl, REAL[1]!)).faultCode, undefined);
});

test('known attacks end in a fault', async (context) => {
  const { xmlRpcUrl } = await startXmlRpcHub(context);
  const laughs = Array.from(
    { length: 10 },
    (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`,
  ).join('');
  const attacks = {
    'entity expansion': `<!DOCTYPE m [<!ENTITY l0 "lol">${laughs}]><methodCall><methodName>&l10;</methodName></methodCall>`,
    'an external entity': `<!DOCTYPE m [<!ENTITY e SYSTEM "file:///etc/passwd">]><methodCall><methodName>&e;</methodName></methodCall>`,
    'an external document type': `<!DOCTYPE m SYSTEM "http://127.0.0.1:1/x.dtd"><methodCall/>`,
    'deep nesting of values': callText('test.any', '<value><array><data>'.repeat(20_000)),
    'deep nesting of anything': '<a>'.repeat(200_000),
    'an attribute flood': `<methodCall ${Array.from({ length: 50_000 }, (_, index) => `a${index}="1"`).join(' ')}/>`,
    'a huge integer': callText('test.any', `<value><int>${'9'.repeat(500_000)}</int></value>`),
    'a huge double': callText('test.any', `<value><double>1e99999</double></value>`),
    'many entities in no element': callText('test.any', `<value>${'&amp;'.repeat(150_000)}`),
    'a very long name': `<${'a'.repeat(500_000)}/>`,
    'many parameters': callText('test.any', ...Array.from({ length: 20_000 }, () => '<value/>')),
  };
  for (const [name, text] of Object.entries(attacks)) {
    await context.test(name, async () => {
      const answer = await post(xmlRpcUrl, text);
      assert.equal(answer.status, 200);
      assert.ok(answer.faultCode! <= -32008, answer.text.slice(0, 300));
      assert.ok(answer.text.length < 2_000, 'the answer repeats the attack');
    });
  }
});

it('the requests are real: each is answered without a fault', async (context) => {
  const { xmlRpcUrl } = await startXmlRpcHub(context);
  for (const text of REAL) assert.equal((await post(xmlRpcUrl, text)).faultCode, undefined, text);
});
