/** Real messages, spoiled: each is answered, by an answer or a fault, and the hub lives on. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { application, everything } from './soap-application.ts';
import { contentTypeOf, envelope, inputElement, VERSIONS, type Version } from './soap-kit.ts';

let hub: TestHub;
before(async () => {
  hub = await startHub(application);
});
after(() => hub.close());

const STATUSES = [200, 202, 400, 413, 415, 500];

async function send(body: Buffer, contentType: string, headers = {}): Promise<number> {
  const response = await fetch(`${hub.url}/soap/orders`, {
    method: 'POST',
    headers: { 'content-type': contentType, ...headers },
    body,
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  assert.ok(STATUSES.includes(response.status), `${response.status}: ${text.slice(0, 200)}`);
  // What goes wrong is the message's fault, never an accident of ours.
  assert.doesNotMatch(text, /the log has the reason/);
  return response.status;
}

const SECURITY =
  '<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" s:mustUnderstand="1">' +
  '<w:UsernameToken><w:Username>ada</w:Username><w:Password>pw</w:Password></w:UsernameToken></w:Security>';
const HEADER = `${SECURITY}<m:tenant xmlns:m="urn:polywire:metadata">acme</m:tenant>`;
const echo = (version: Version) =>
  envelope(version, inputElement('Echo', { value: everything }), HEADER);
const PACKAGE =
  `--b\r\ncontent-type: application/xop+xml\r\ncontent-id: <r>\r\n\r\n${envelope('1.1', inputElement('Echo', { value: everything })).replace('AAH+/w==', '<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:d"/>')}` +
  '\r\n--b\r\ncontent-id: <d>\r\n\r\nabc\r\n--b--\r\n';
const MULTIPART = 'multipart/related; type="application/xop+xml"; start="<r>"; boundary=b';

const originals: readonly (readonly [body: string, contentType: string])[] = [
  ...VERSIONS.map((version) => [echo(version), contentTypeOf(version)] as const),
  [PACKAGE, MULTIPART],
];

it('the messages that are spoiled are good ones', async () => {
  for (const [body, contentType] of originals) {
    assert.equal(await send(Buffer.from(body), contentType), 200);
  }
});

it('spoiled messages are answered', async () => {
  const scrap = fc.oneof(
    fc.constantFrom(
      '<',
      '>',
      '/>',
      '"',
      '&',
      '&#0;',
      '<!DOCTYPE a>',
      '<![CDATA[',
      ' xsi:nil="true"',
    ),
    fc.constantFrom(
      '',
      '<n0:more/>',
      ' a="1"',
      '\r\n--b\r\n',
      '\0',
      '9'.repeat(400),
      ':',
      'xmlns:s="u"',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const change = fc.tuple(fc.nat(), fc.nat(40), scrap);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...originals),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async ([original, contentType], changes) => {
        let text = original;
        for (const [place, removed, added] of changes) {
          const at = place % text.length;
          text = text.slice(0, at) + added + text.slice(at + removed);
        }
        await send(Buffer.from(text), contentType);
      },
    ),
    { numRuns: 400 },
  );
});

it('messages cut short, doubled or of changed bytes are answered', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...originals),
      fc.nat(),
      fc.nat(255),
      fc.nat(2),
      async ([original, contentType], place, byte, kind) => {
        const bytes = Buffer.from(original);
        const at = place % bytes.length;
        if (kind === 0) await send(bytes.subarray(0, at), contentType);
        else if (kind === 1) await send(Buffer.concat([bytes, bytes.subarray(at)]), contentType);
        else {
          bytes[at] = byte;
          await send(bytes, contentType);
        }
      },
    ),
    { numRuns: 300 },
  );
});

it('strange headers are answered', async () => {
  const value = fc
    .string({ unit: fc.constantFrom(...' ;="/+\\,abxml<>19'), maxLength: 30 })
    .map((text) => text.trim());
  const type = fc.constantFrom(
    'text/xml',
    'application/soap+xml',
    'multipart/related',
    MULTIPART,
    '',
  );
  await fc.assert(
    fc.asyncProperty(type, value, value, async (base, rest, action) => {
      const contentType = `${base};${rest}`;
      await send(Buffer.from(echo('1.1')), contentType, { soapaction: action });
    }),
    { numRuns: 150 },
  );
});
