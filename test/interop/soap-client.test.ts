/** The client of the `soap` package, generated from the WSDL that the hub serves. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as soap from 'soap';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { application, everything, seen } from './soap-application.ts';
import { envelope, faultOf, inputElement, plan, post, VERSIONS } from './soap-kit.ts';

const PASSWORD = 'correct horse battery';

let open: TestHub;
let secured: TestHub;
before(async () => {
  open = await startHub(application);
  secured = await startHub(application, {
    config: { auth: { users: [{ user: 'ada', password: PASSWORD, scopes: ['*'] }] } },
  });
});
after(async () => {
  await open.close();
  await secured.close();
});

type Methods = Record<string, soap.SoapMethodAsync>;

async function clientOf(hub: TestHub, version: '1.1' | '1.2', options: soap.IOptions = {}) {
  const client = await soap.createClientAsync(`${hub.url}/soap/orders?wsdl`, {
    forceSoap12Headers: version === '1.2',
    disableCache: true,
    // The WSDL is for callers whom the hub knows; a hub without authentication does not look.
    wsdl_headers: { authorization: `Basic ${btoa(`ada:${PASSWORD}`)}` },
    preserveWhitespace: true,
    ...options,
  });
  return { client, methods: client as unknown as Methods };
}

for (const version of VERSIONS) {
  describe(`the soap package in SOAP ${version}`, () => {
    it('calls with numbers, lists, null and declared errors', async () => {
      const { methods } = await clientOf(open, version);
      const [sum] = await methods.SumAsync!({ values: [1, 2.5] });
      assert.deepEqual(sum, { result: { total: 3.5 } });
      // The package makes numbers of decimals.
      const [list] = await methods.ListAsync!({});
      assert.deepEqual(list.result, [
        { amount: 1, currency: 'CHF' },
        { amount: 2, currency: 'EUR' },
      ]);
      const [none] = await methods.FindAsync!({ id: 'none' });
      // An answer that is nil is nothing at all to the package.
      assert.equal(none, null);
      await assert.rejects(methods.FindAsync!({ id: 'x' }), (error: { root: never }) => {
        const { Fault } = (error.root as { Envelope: { Body: { Fault: Record<string, never> } } })
          .Envelope.Body;
        const detail = (Fault.detail ?? Fault.Detail) as unknown as Record<string, unknown>;
        assert.deepEqual(detail.OrderMissing, { id: 'x', near: ['a', 'b'] });
        return true;
      });
    });

    it('shows a user by password and by digest', async () => {
      const { client, methods } = await clientOf(secured, version);
      await assert.rejects(methods.WhoAmIAsync!({}), /credentials|UNAUTHENTICATED|anonymous/i);
      for (const passwordType of ['PasswordText', 'PasswordDigest']) {
        for (const hasNonce of [true, passwordType === 'PasswordDigest']) {
          const secure = (password: string) =>
            client.setSecurity(
              new soap.WSSecurity('ada', password, { passwordType, hasNonce, mustUnderstand: '1' }),
            );
          secure(PASSWORD);
          const [answer] = await methods.WhoAmIAsync!({});
          assert.equal(answer.result.id, 'ada');
          assert.equal((await methods.WhoAmIAsync!({}))[0].result.id, 'ada');
          secure('wrong password');
          await assert.rejects(methods.WhoAmIAsync!({}), /not known here/);
        }
      }
    });

    it('a message that is sent again is refused', async () => {
      const { client, methods } = await clientOf(secured, version);
      client.setSecurity(
        new soap.WSSecurity('ada', PASSWORD, { passwordType: 'PasswordDigest', hasNonce: true }),
      );
      await methods.WhoAmIAsync!({});
      const again = await post(secured.url, version, client.lastRequest!);
      assert.match(faultOf(again).message, /used before/);
    });

    it('attaches bytes, and is answered with attachments', async () => {
      const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));
      const value = { ...everything, data: bytes.toString('base64') };
      const parts = inputElement('Echo', { value }).split(value.data);
      assert.equal(parts.length, 2);
      const include =
        '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:data%40test"/>';
      const { client } = await clientOf(open, version, { parseReponseAttachments: true });
      const body = parts.join(include);
      // The package attaches, but leaves the reference to its caller.
      const methods = client as unknown as Methods;
      const [, raw, , , attached] = await methods.EchoAsync!(
        { _xml: body.replace('<n0:Echo>', `<n0:Echo${plan.types.prefixes.declarations()}>`) },
        {
          forceMTOM: true,
          attachments: [
            {
              mimetype: 'application/octet-stream',
              contentId: 'data@test',
              name: 'data',
              body: bytes,
            },
          ],
        },
      );
      assert.deepEqual(seen.at(-1)?.input, { value });
      assert.match(String(raw), /xop:Include/);
      assert.equal(attached?.parts.length, 1);
      assert.ok(bytes.equals(attached!.parts[0]!.body));
    });
  });
}

describe('attachments', () => {
  const BOUNDARY = 'b';
  const pack = (xml: string, ...others: string[]) =>
    `${[xml, ...others]
      .map((part, index) =>
        index === 0
          ? `--b\r\ncontent-type: application/xop+xml; charset=utf-8; type="text/xml"\r\ncontent-id: <root>\r\n\r\n${part}`
          : `\r\n--b\r\n${part}`,
      )
      .join('')}\r\n--b--\r\n`;
  const send = (text: string, parameters = '') =>
    post(open.url, '1.1', text, {
      'content-type': `multipart/related; type="application/xop+xml"; boundary=${BOUNDARY}; start="<root>"; start-info="text/xml"${parameters}`,
    });
  const echo = (data: string) =>
    envelope('1.1', inputElement('Echo', { value: everything }).replace('AAH+/w==', data));
  const include = (href: string) =>
    `<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="${href}"/>`;

  it('small bytes come back in the document', async () => {
    const answer = await send(
      pack(
        echo(include('cid:one')),
        'content-id: <one>\r\ncontent-transfer-encoding: binary\r\n\r\nabc',
      ),
    );
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.text, /<n0:data>YWJj<\/n0:data>/);
  });

  it('that are missing, used twice, or elsewhere are refused', async () => {
    const one = 'content-id: <one>\r\n\r\nabc';
    const good = echo(include('cid:one'));
    for (const [text, message] of [
      [pack(echo(include('cid:none')), one), /the cid: of an attachment/],
      [pack(echo(include('http://127.0.0.1/x')), one), /the cid: of an attachment/],
      [pack(echo(include('cid:%E0')), one), /the cid: of an attachment/],
      [pack(echo(include('cid:one') + include('cid:one')), one), /text only/],
      [pack(echo(`${include('cid:one')}x`), one), /text only/],
      [pack(good, one, one), /two attachments of one Content-ID/],
      [pack(good, 'x: y\r\n\r\nabc'), /without a Content-ID/],
      [
        pack(echo(include('cid:one')), `content-transfer-encoding: base64\r\n${one}`),
        /transfer encoding "base64"/,
      ],
      [
        pack(good, ...Array.from({ length: 101 }, (_, index) => `content-id: <${index}>\r\n\r\n`)),
        /more than 101 parts/,
      ],
      ['--b\r\n\r\n<a/>\r\n--b--', /no root part/],
      ['nothing', /has no part/],
    ] as const) {
      assert.match(faultOf(await send(text)).message, message);
    }
    const text = inputElement('Find', { id: 'x' }).replace('>x<', `>${include('cid:one')}<`);
    assert.match(faultOf(await send(pack(envelope('1.1', text), one))).message, /text only/);
  });

  it('are answered to whoever accepts them', async () => {
    const value = { ...everything, data: Buffer.alloc(2000, 7).toString('base64') };
    const request = envelope('1.2', inputElement('Echo', { value }));
    const response = await fetch(`${open.url}/soap/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/soap+xml', accept: 'multipart/related' },
      body: request,
    });
    assert.match(
      response.headers.get('content-type')!,
      /^multipart\/related; type="application\/xop\+xml"/,
    );
    const answer = Buffer.from(await response.arrayBuffer());
    assert.ok(answer.includes(Buffer.alloc(2000, 7)));
  });
});

describe('who calls', () => {
  const token = (user: string, password: string) =>
    '<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">' +
    `<w:UsernameToken><w:Username>${user}</w:Username><w:Password>${password}</w:Password></w:UsernameToken></w:Security>`;
  const who = (header: string, headers = {}) =>
    post(secured.url, '1.2', envelope('1.2', '<o:WhoAmI/>', header), headers);

  it('is known by HTTP too, but not by both', async () => {
    const authorization = `Basic ${Buffer.from(`ada:${PASSWORD}`).toString('base64')}`;
    assert.equal((await who('', { authorization })).status, 200);
    const both = await who(token('ada', PASSWORD), { authorization });
    assert.match(faultOf(both).message, /both an Authorization header and a UsernameToken/);
    assert.equal(faultOf(await who('', { authorization: 'Weird x' })).code, 'UNAUTHENTICATED');
  });

  it('is nobody with a wrong password, and may do nothing', async () => {
    const fault = faultOf(await who(token('ada', 'wrong')));
    assert.deepEqual([fault.side, fault.code], ['Sender', 'UNAUTHENTICATED']);
    assert.equal(faultOf(await who(token('bob', PASSWORD))).code, 'UNAUTHENTICATED');
  });
});
