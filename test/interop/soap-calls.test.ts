import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { application, everything, seen } from './soap-application.ts';
import {
  type Answer,
  ENVELOPES,
  envelope,
  faultOf,
  inputElement,
  NAMESPACE,
  plan,
  post,
  VERSIONS,
  type Version,
} from './soap-kit.ts';

let hub: TestHub;
before(async () => {
  hub = await startHub(application);
});
after(() => hub.close());
beforeEach(() => {
  seen.length = 0;
});

const ask = (version: Version, body: string, header = '', headers = {}): Promise<Answer> =>
  post(hub.url, version, envelope(version, body, header), headers);

const SUM = '<o:Sum><o:values>1</o:values><o:values>2.5</o:values></o:Sum>';

for (const version of VERSIONS) {
  describe(`SOAP ${version}`, () => {
    const client = version === '1.1' ? 'Client' : 'Sender';
    const server = version === '1.1' ? 'Server' : 'Receiver';
    const badStatus = version === '1.1' ? 500 : 400;

    it('carries a value of every kind there and back without loss', async () => {
      const answer = await ask(version, inputElement('Echo', { value: everything }));
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(seen, [{ name: 'orders.echo', input: { value: everything } }]);
      const { result } = plan.operations.get('Echo')!.output!;
      assert.deepEqual(result!.type.read(answer.payload.children[0]!, undefined), everything);
      assert.equal(
        answer.headers.get('content-type'),
        `${version === '1.1' ? 'text/xml' : 'application/soap+xml'}; charset=utf-8`,
      );
    });

    it('answers null, lists and nothing in their own forms', async () => {
      const none = await ask(version, '<o:Find><o:id>none</o:id></o:Find>');
      assert.match(none.text, /<n0:result xsi:nil="true"\/>/);
      const list = await ask(version, '<o:List/>');
      assert.equal(list.payload.children.length, 2);
      const removed = await ask(version, '<o:Remove><o:id>known</o:id></o:Remove>');
      assert.ok(removed.payload.is(NAMESPACE, 'RemoveResponse'));
      assert.equal(removed.payload.children.length, 0);
    });

    it('answers a declared error with its typed data', async () => {
      const answer = await ask(version, '<o:Find><o:id>a&lt;b</o:id></o:Find>');
      assert.equal(answer.status, badStatus);
      const { side, code, message, detail } = faultOf(answer);
      assert.deepEqual([side, code, message], [client, 'NOT_FOUND', 'No order <a<b>.']);
      const [typed] = detail;
      assert.ok(typed!.is(NAMESPACE, 'OrderMissing'));
      const declared = plan.errors.find(({ error }) => error === 'OrderMissing')!;
      assert.deepEqual(declared.typed!.type.read(typed!, undefined), {
        id: 'a<b',
        near: ['a', 'b'],
      });
    });

    it('answers a declared error without data, of the server', async () => {
      const answer = await ask(version, '<o:Find><o:id>closed</o:id></o:Find>');
      assert.equal(answer.status, 500);
      const { side, code, detail } = faultOf(answer);
      assert.deepEqual([side, code], [server, 'UNAVAILABLE']);
      assert.ok(detail[0]!.is(NAMESPACE, 'ShopClosed'));
    });

    it('says so when an answer cannot be written', async () => {
      const answer = await ask(version, '<o:Broken/>');
      assert.equal(answer.status, 500);
      assert.match(faultOf(answer).message, /XML cannot hold the character U\+0000/);
    });

    it('runs a one-way operation and answers 202 without content', async () => {
      const send = (text: string) =>
        fetch(`${hub.url}/soap/orders`, {
          method: 'POST',
          headers: { 'content-type': version === '1.1' ? 'text/xml' : 'application/soap+xml' },
          body: envelope(version, `<o:Notify><o:text>${text}</o:text></o:Notify>`),
        });
      const response = await send('hello');
      assert.equal(response.status, 202);
      assert.equal(await response.text(), '');
      assert.deepEqual(seen, [{ name: 'orders.notify', input: { text: 'hello' } }]);
      assert.equal((await send('')).status, badStatus);
      assert.equal(seen.length, 1);
    });

    describe('refuses what its schema does not allow, and never calls the handler', () => {
      const cases: [what: string, body: string, message: RegExp, path?: string][] = [
        [
          'a missing element',
          '<o:Sum/>',
          /<Sum>.*expected the element <values>.*its end/,
          '/values',
        ],
        [
          'an unknown element',
          `${SUM.slice(0, -8)}<o:more/></o:Sum>`,
          /<more>.*nothing more behind <values>/,
        ],
        [
          'a wrong order',
          '<o:Find><o:limit>1</o:limit><o:id>a</o:id></o:Find>',
          /expected the element <id>, received <limit>/,
        ],
        [
          'an element twice',
          '<o:Find><o:id>a</o:id><o:id>b</o:id></o:Find>',
          /<id>.*<limit> behind <id>, received <id>/,
        ],
        [
          'an element of another namespace',
          '<o:Find><id>a</id></o:Find>',
          /of no namespace \(expected "urn:polywire:shop:orders"\)/,
        ],
        [
          'text among elements',
          '<o:Find>x<o:id>a</o:id></o:Find>',
          /<Find>.*elements only, received the text "x"/,
        ],
        [
          'an element in text',
          '<o:Find><o:id><b/></o:id></o:Find>',
          /<id>.*text only, received the element <b>/,
        ],
        [
          'an unknown attribute',
          '<o:Find a="1"><o:id>a</o:id></o:Find>',
          /no attributes, received the attribute "a"/,
        ],
        [
          'no number',
          '<o:Sum><o:values>1</o:values><o:values>x</o:values></o:Sum>',
          /<values>.*a number.*"x"/,
          '/values/1',
        ],
        ['infinity', '<o:Sum><o:values>INF</o:values></o:Sum>', /JSON has no INF/, '/values/0'],
        [
          'a number past what JSON holds',
          '<o:Find><o:id>a</o:id><o:limit>9007199254740992</o:limit></o:Find>',
          /a whole number between/,
          '/limit',
        ],
        [
          'nil where it may not be',
          '<o:Find><o:id xsi:nil="true"/></o:Find>',
          /<id>.*a value, received xsi:nil/,
          '/id',
        ],
        ['nil with content', '<o:Find><o:id xsi:nil="true">a</o:id></o:Find>', /xsi:nil/],
        [
          'another xsi:type',
          '<o:Find><o:id xmlns:x="http://www.w3.org/2001/XMLSchema" xsi:type="x:int">1</o:id></o:Find>',
          /the type string, received xsi:type/,
        ],
        [
          'a value that the contract refuses',
          '<o:Notify><o:text></o:text></o:Notify>',
          /text|input/,
          '/text',
        ],
        ['two operations', '<o:List/><o:List/>', /more than one element/],
        [
          'an encoding of SOAP 1.1 types',
          '<o:Find xmlns:x="http://www.w3.org/2001/XMLSchema"><o:id x:type="y">a</o:id></o:Find>',
          /no attributes/,
        ],
      ];
      for (const [what, body, message, path] of cases) {
        it(what, async () => {
          const answer = await ask(version, body);
          assert.equal(answer.status, badStatus, answer.text);
          const fault = faultOf(answer);
          assert.equal(fault.side, client);
          assert.equal(fault.code, 'INVALID_ARGUMENT');
          assert.match(fault.message, message);
          if (path !== undefined) assert.equal(fault.violations[0]?.[0], path);
          assert.deepEqual(seen, []);
        });
      }

      it('what is allowed is taken all the same: white space, types, signs', async () => {
        const answer = await ask(
          version,
          '\n <o:Find>\n <!-- c --> <o:id xmlns:x="http://www.w3.org/2001/XMLSchema" xsi:type="x:string"> a </o:id><o:limit> +007\n</o:limit> </o:Find> ',
        );
        assert.deepEqual(seen, [{ name: 'orders.find', input: { id: ' a ', limit: 7 } }]);
        assert.equal(faultOf(answer).code, 'NOT_FOUND');
      });
    });

    it('names unknown operations, streams and wrong namespaces', async () => {
      const unknown = faultOf(await ask(version, '<o:Nowhere/>'));
      assert.deepEqual([unknown.side, unknown.code], [client, 'UNIMPLEMENTED']);
      const stream = faultOf(await ask(version, '<o:Watch/>'));
      assert.match(stream.message, /streams, which SOAP does not carry/);
      assert.match(faultOf(await ask(version, '<List/>')).message, /no namespace; expected urn/);
    });

    it('checks the action against the body', async () => {
      const right = 'urn:polywire:shop:orders#List';
      const named = (action: string) =>
        version === '1.1'
          ? ask(version, '<o:List/>', '', { soapaction: action })
          : ask(version, '<o:List/>', '', {
              'content-type': `application/soap+xml; charset=utf-8; action=${action}`,
            });
      assert.equal((await named(`"${right}"`)).status, 200);
      assert.equal((await named('""')).status, 200);
      const wrong = faultOf(await named('"urn:polywire:shop:orders#Sum"'));
      assert.match(wrong.message, /The action is .*#Sum.*<List>, whose action is .*#List/);
    });

    it('must understand what says so, unless it is for somebody else', async () => {
      const block = (attributes: string) =>
        `<x:Thing xmlns:x="urn:x" ${attributes}/><y:Other xmlns:y="urn:y"/>`;
      const must = await ask(version, SUM, block('s:mustUnderstand="1"'));
      assert.equal(must.status, 500);
      assert.equal(faultOf(must).side, 'MustUnderstand');
      assert.match(faultOf(must).message, /\{urn:x\}Thing/);
      if (version === '1.2') {
        const [unknown] = must.header!.children;
        assert.deepEqual(unknown!.qualifiedName(unknown!.attribute('qname')!), {
          namespace: 'urn:x',
          name: 'Thing',
        });
      }
      assert.deepEqual(seen, []);
      const role = version === '1.1' ? 'actor' : 'role';
      for (const attributes of [
        '',
        's:mustUnderstand="0"',
        `s:mustUnderstand="1" s:${role}="urn:somebody"`,
      ]) {
        assert.equal((await ask(version, SUM, block(attributes))).status, 200, attributes);
      }
      assert.equal(faultOf(await ask(version, SUM, block('s:mustUnderstand="yes"'))).side, client);
    });

    it('header blocks are metadata, and metadata comes back as header blocks', async () => {
      const blocks =
        '<m:Tenant xmlns:m="urn:polywire:metadata" s:mustUnderstand="1">acme &amp; co</m:Tenant>' +
        '<m:x-request-id xmlns:m="urn:polywire:metadata">7</m:x-request-id>' +
        '<m:authorization xmlns:m="urn:polywire:metadata">Bearer x</m:authorization>';
      const answer = await ask(version, '<o:WhoAmI/>', blocks, { 'x-http': 'yes' });
      const { result } = plan.operations.get('WhoAmI')!.output!;
      assert.deepEqual(result!.type.read(answer.payload.children[0]!, undefined), {
        id: 'local',
        metadata: { tenant: 'acme & co', 'x-request-id': '7', 'x-http': 'yes' },
      });
      const block = answer.header!.child('urn:polywire:metadata', 'x-served-by');
      assert.equal(block?.text, 'unit <1>');
      const nested = '<m:tenant xmlns:m="urn:polywire:metadata"><a/></m:tenant>';
      assert.equal(faultOf(await ask(version, '<o:WhoAmI/>', nested)).side, client);
    });

    it('takes a deadline from a header block', async () => {
      const block = '<m:x-timeout-ms xmlns:m="urn:polywire:metadata">soon</m:x-timeout-ms>';
      assert.match(faultOf(await ask(version, SUM, block)).message, /X-Timeout-Ms/);
    });

    it('refuses documents that are no messages', async () => {
      const e = ENVELOPES[version];
      for (const [text, message] of [
        ['', /XML at line 1/],
        ['hello', /XML at line 1/],
        ['<a/>', /not an Envelope/],
        [`<s:Envelope xmlns:s="${e}"/>`, /no Body/],
        [`<s:Envelope xmlns:s="${e}"><s:Body/></s:Envelope>`, /Body is empty/],
        [`<s:Envelope xmlns:s="${e}"><s:Body/><s:Header/></s:Envelope>`, /behind the Body/],
        [`<!DOCTYPE a><s:Envelope xmlns:s="${e}"><s:Body/></s:Envelope>`, /DOCTYPE/],
        [envelope(version, `<o:Find>${'<o:id>'.repeat(120)}`), /More than 100 levels/],
        [
          envelope(
            version,
            `<o:Find ${Array.from({ length: 65 }, (_, n) => `a${n}=""`).join(' ')}/>`,
          ),
          /More than 64 attributes/,
        ],
      ] as const) {
        const answer = await post(hub.url, version, text);
        assert.match(faultOf(answer).message, message);
      }
    });

    it('reads UTF-16', async () => {
      const text = `\uFEFF${envelope(version, '<o:Find><o:id>\u00e4\u{1F600}</o:id></o:Find>')}`;
      const media = version === '1.1' ? 'text/xml' : 'application/soap+xml';
      await post(hub.url, version, Buffer.from(text, 'utf16le'), {
        'content-type': `${media}; charset=utf-16`,
      });
      assert.deepEqual(seen[0]?.input, { id: '\u00e4\u{1F600}' });
    });
  });
}

describe('over HTTP', () => {
  const send = (init: RequestInit, path = '/soap/orders') =>
    fetch(hub.url + path, { signal: AbortSignal.timeout(10_000), ...init });

  it('other versions of SOAP are a version mismatch, with what is understood', async () => {
    const text = envelope('1.1', '<o:List/>').replace(ENVELOPES['1.1'], 'urn:soap:1.3');
    const answer = await post(hub.url, '1.1', text);
    assert.equal(answer.status, 500);
    assert.equal(faultOf(answer).side, 'VersionMismatch');
    assert.equal(answer.header?.child(ENVELOPES['1.2'], 'Upgrade')?.children.length, 2);
    const crossed = await post(hub.url, '1.1', envelope('1.2', '<o:List/>'));
    assert.equal(faultOf(crossed).side, 'VersionMismatch');
  });

  it('another media type is 415, another method 405, an unknown service 404', async () => {
    const body = envelope('1.1', '<o:List/>');
    const json = await send({
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(json.status, 415);
    assert.match(json.headers.get('accept-post') ?? '', /text\/xml/);
    const get = await send({});
    assert.equal(get.status, 405);
    assert.match(get.headers.get('allow') ?? '', /POST/);
    const put = await send({ method: 'PUT', body });
    assert.equal(put.status, 405);
    assert.match(put.headers.get('allow') ?? '', /POST/);
    for (const init of [{}, { method: 'POST', body, headers: { 'content-type': 'text/xml' } }]) {
      assert.equal((await send(init, '/soap/nowhere?wsdl')).status, 404);
    }
    const charset = await post(hub.url, '1.1', body, {
      'content-type': 'text/xml; charset=koi8-r',
    });
    assert.match(faultOf(charset).message, /"koi8-r" is not supported/);
  });

  it('a body past the limit is 413', async () => {
    const body = Buffer.alloc(4_194_305, 0x20);
    const answer = await send({ method: 'POST', body, headers: { 'content-type': 'text/xml' } });
    assert.equal(answer.status, 413);
  });

  it('compressed requests are read, and large answers compressed', async () => {
    const { gzipSync } = await import('node:zlib');
    const values = `<o:tags>${'x'.repeat(50)}</o:tags>`.repeat(200);
    const text = envelope('1.1', inputElement('Echo', { value: everything })).replace(
      '<n0:tags>one</n0:tags>',
      values.replaceAll('o:', 'n0:'),
    );
    const answer = await post(hub.url, '1.1', gzipSync(text), { 'content-encoding': 'gzip' });
    assert.equal(answer.status, 200, answer.text.slice(0, 500));
    assert.ok(['gzip', 'br'].includes(answer.headers.get('content-encoding') ?? ''));
  });
});
