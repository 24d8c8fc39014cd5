/**
 * Known attacks on parsers, at every door that has one: each is refused as the client's mistake,
 * reaches no handler, is not repeated in the answer, and leaves the hub as it was.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { after, afterEach, before, describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, constants as zlib } from 'node:zlib';
import {
  type Door,
  JSON_DOORS,
  type Reply,
  sendTo,
  startTarget,
  type Target,
  XML_DOORS,
} from './attacks-kit.ts';
import { framed, raw } from './grpc-kit.ts';

let target: Target;
let canary: http.Server;
/** Requests for what documents refer to. */
let fetched = 0;
before(async () => {
  target = await startTarget();
  canary = http.createServer((_, response) => {
    fetched++;
    response.end('<!ENTITY x "fetched">');
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  canary.close();
  await target.close();
});

const canaryUrl = (): string => {
  const { port } = canary.address() as { port: number };
  return `http://127.0.0.1:${port}/evil.dtd`;
};

afterEach(async () => {
  const reached = target.reached.splice(0);
  const alive = await sendTo(target, JSON_DOORS[0]!, '{"real":1}');
  assert.equal(alive.status, 200, alive.text);
  assert.deepEqual(target.reached.splice(0), [{ real: 1 }]);
  assert.deepEqual(reached, [], 'an attack reached a handler');
});

function assertRefused(reply: Reply, refusal: RegExp): void {
  assert.match(reply.text.slice(0, 4_000), refusal);
  assert.ok(reply.text.length < 4_000, 'the answer repeats the attack');
}

const DIGITS = '9'.repeat(500_000);

describe('the doors are open for what fits', () => {
  for (const door of [...JSON_DOORS, ...XML_DOORS]) {
    const body = door.body('real', door.name === 'XML-RPC' ? '<double>2.5</double>' : '2.5');
    it(door.name, async () => {
      const reply = await sendTo(target, door, body);
      assert.equal(reply.status, 200, reply.text);
      const packed = await sendTo(target, door, gzipSync(body), { 'content-encoding': 'gzip' });
      assert.equal(packed.status, 200, packed.text);
      assert.deepEqual(target.reached.splice(0), [{ real: 2.5 }, { real: 2.5 }]);
    });

    it(`${door.name} over HTTP/2`, async () => {
      const session = http2.connect(target.url);
      const request = session.request({ ':method': 'POST', ':path': door.path, ...door.headers });
      request.end(body);
      const [head] = (await once(request, 'response')) as [http2.IncomingHttpHeaders];
      request.resume();
      await once(request, 'end');
      session.close();
      assert.equal(head[':status'], 200);
      assert.deepEqual(target.reached.splice(0), [{ real: 2.5 }]);
    });
  }
});

for (const door of JSON_DOORS) {
  describe(`JSON by ${door.name}`, () => {
    const attacks: readonly (readonly [what: string, member: string, value: string])[] = [
      ['arrays nested too deeply', 'any', '['.repeat(5_000) + ']'.repeat(5_000)],
      ['arrays that never end', 'any', '['.repeat(200_000)],
      ['objects nested too deeply', 'any', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
      ['a number past what doubles hold', 'real', '1e999'],
      ['an exponent of a hundred thousand digits', 'real', `1e${'9'.repeat(100_000)}`],
      ['an integer of many digits', 'whole', DIGITS],
      ['a 64-bit integer of many digits', 'long', `"${DIGITS}"`],
      ['a decimal of many digits', 'price', `"${DIGITS}"`],
      ['a list past its limit', 'names', `[${'"",'.repeat(100_000)}""]`],
      ['text that is cut off in an escape', 'names', '["\\u12'],
      ['keys of prototypes', 'names', '{"__proto__":[],"constructor":1}'],
    ];
    for (const [what, member, value] of attacks) {
      it(`refuses ${what}`, async () => {
        assertRefused(await sendTo(target, door, door.body(member, value)), door.refusal);
      });
    }
  });
}

describe('GraphQL documents', () => {
  const door = JSON_DOORS.find(({ name }) => name === 'GraphQL variables')!;
  const query = (text: string) => sendTo(target, door, JSON.stringify({ query: text }));
  const aliases = Array.from({ length: 1_000 }, (_, n) => `a${n}: vaultKeep { kept }`).join(' ');
  const fragments = Array.from(
    { length: 30 },
    (_, n) => `fragment F${n} on VaultKeepResult { ...F${n + 1} ...F${n + 1} }`,
  ).join(' ');
  const attacks: Readonly<Record<string, string>> = {
    'an alias bomb': `mutation { ${aliases} }`,
    'a fragment bomb': `mutation { vaultKeep { ...F0 } } ${fragments} fragment F30 on VaultKeepResult { kept }`,
    'fragments in a circle':
      'mutation { vaultKeep { ...A } } fragment A on VaultKeepResult { ...B } fragment B on VaultKeepResult { ...A }',
    'a number past what doubles hold': 'mutation { vaultKeep(real: 1e999) { kept } }',
    'an integer of many digits': `mutation { vaultKeep(whole: ${DIGITS}) { kept } }`,
    'lists nested too deeply': `mutation { vaultKeep(any: ${'['.repeat(5_000)}${']'.repeat(5_000)}) { kept } }`,
    'braces that never end': '{a'.repeat(100_000),
    'many directives': `mutation { vaultKeep { kept ${'@skip(if: false) '.repeat(5_000)} } }`,
  };
  for (const [what, text] of Object.entries(attacks)) {
    it(`with ${what} are refused`, async () => assertRefused(await query(text), door.refusal));
  }
});

/** Ten levels of ten: 10^10 characters if anybody expanded them. */
const LAUGHS = Array.from(
  { length: 10 },
  (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`,
).join('');

for (const door of XML_DOORS) {
  describe(`XML by ${door.name}`, () => {
    const wrap = (text: string): string => {
      const [open, close] = door.name === 'XML-RPC' ? ['<double>', '</double>'] : ['', ''];
      return door.body('real', `${open}${text}${close}`);
    };
    const flood = (attribute: (n: number) => string): string =>
      Array.from({ length: 20_000 }, (_, n) => attribute(n)).join(' ');
    const inRoot = (attributes: string): string =>
      wrap('1').replace(/^<[\w:]+/, `$& ${attributes}`);
    const attacks: Readonly<Record<string, () => string>> = {
      'entities that expand': () => `<!DOCTYPE x [<!ENTITY l0 "1">${LAUGHS}]>${wrap('&l10;')}`,
      'one long entity many times': () =>
        `<!DOCTYPE x [<!ENTITY l "${'1'.repeat(50_000)}">]>${wrap('&l;'.repeat(10_000))}`,
      'an external entity of the file system': () =>
        `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${wrap('&e;')}`,
      'an external entity of the network': () =>
        `<!DOCTYPE x [<!ENTITY e SYSTEM "${canaryUrl()}">]>${wrap('&e;')}`,
      'an external parameter entity': () =>
        `<!DOCTYPE x [<!ENTITY % p SYSTEM "${canaryUrl()}"> %p;]>${wrap('1')}`,
      'an external document type': () => `<!DOCTYPE x SYSTEM "${canaryUrl()}">${wrap('1')}`,
      'an inclusion': () =>
        wrap(`<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="${canaryUrl()}"/>`),
      'a stylesheet': () => `<?xml-stylesheet href="${canaryUrl()}"?>${wrap('1')}`,
      'elements nested too deeply': () => wrap('<a>'.repeat(100_000)),
      'a flood of attributes': () => inRoot(flood((n) => `a${n}="1"`)),
      'a flood of namespaces': () => inRoot(flood((n) => `xmlns:a${n}="urn:${n}"`)),
      'a very long name': () => wrap(`<${'a'.repeat(500_000)}/>`),
      'a very long attribute name': () => inRoot(`${'a'.repeat(500_000)}="1"`),
      'a number of many digits': () => wrap(`${DIGITS}e`),
      'a number past what doubles hold': () => wrap('1e999'),
      'references to characters that XML does not have': () => wrap('&#0;'.repeat(1_000)),
      'a CDATA section that never ends': () => wrap(`<![CDATA[${'x'.repeat(100_000)}`),
      'a comment that never ends': () => wrap(`<!--${'x'.repeat(100_000)}`),
    };
    for (const [what, text] of Object.entries(attacks)) {
      it(`refuses ${what}`, async () => {
        const reply = await sendTo(target, door, text());
        assertRefused(reply, door.refusal);
        assert.doesNotMatch(reply.text, /root:|fetched/);
        assert.equal(fetched, 0, 'something was fetched');
      });
    }
  });
}

const UNPACKED_BYTES = 64_000_000;

describe('compression bombs', () => {
  const spaces = Buffer.alloc(UNPACKED_BYTES, 0x20);
  const bombs = {
    gzip: gzipSync(spaces),
    deflate: deflateSync(spaces),
    br: brotliCompressSync(spaces, { params: { [zlib.BROTLI_PARAM_QUALITY]: 1 } }),
  };
  const doors: readonly Pick<Door, 'name' | 'path' | 'headers'>[] = [
    ...JSON_DOORS.filter(({ name }) => name !== 'Connect JSON'),
    ...XML_DOORS,
    {
      // One line without an end.
      name: 'a stream of lines',
      path: '/vault/gather',
      headers: { 'content-type': 'application/x-ndjson' },
    },
    { name: 'publish', path: '/publish/a', headers: { 'content-type': 'text/plain' } },
  ];
  for (const { name, ...door } of doors) {
    for (const [coding, bomb] of Object.entries(bombs)) {
      it(`of ${coding} by ${name}`, async () => {
        const reply = await sendTo(target, door, bomb, { 'content-encoding': coding });
        assert.equal(reply.status, 413, reply.text.slice(0, 500));
        assert.ok(reply.text.length < 4_000);
      });
    }
    it(`of several codings by ${name}`, async () => {
      const reply = await sendTo(target, door, gzipSync(bombs.gzip), {
        'content-encoding': 'gzip, gzip',
      });
      assert.equal(reply.status, 415, reply.text.slice(0, 500));
    });
  }

  it('by Connect', async () => {
    const unary = JSON_DOORS.find(({ name }) => name === 'Connect JSON')!;
    const reply = await sendTo(target, unary, bombs.gzip, { 'content-encoding': 'gzip' });
    assertRefused(reply, /"code":"resource_exhausted"/);
    const stream = await sendTo(
      target,
      {
        path: '/vault.Vault/Gather',
        headers: {
          'content-type': 'application/connect+json',
          'connect-content-encoding': 'gzip',
        },
      },
      framed(bombs.gzip, 1) as Buffer<ArrayBuffer>,
    );
    assertRefused(stream, /"code":"resource_exhausted"/);
  });

  it('by gRPC-Web', async () => {
    const web = {
      path: '/vault.Vault/Keep',
      headers: { 'content-type': 'application/grpc-web+proto', 'grpc-encoding': 'gzip' },
    };
    const reply = await sendTo(target, web, framed(bombs.gzip, 1) as Buffer<ArrayBuffer>);
    assertRefused(reply, /grpc-status: ?8/);
  });

  it('by gRPC', async () => {
    for (const path of ['/vault.Vault/Keep', '/vault.Vault/Gather']) {
      const { status } = await raw(target.url, path, framed(bombs.gzip, 1), {
        'grpc-encoding': 'gzip',
      });
      assert.equal(status, 8, path);
    }
  });
});

/** A field of protobuf with a length. */
function field(number: number, content: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), content]);
}

describe('protobuf', () => {
  const inner = (depth: number): Buffer => {
    let value = Buffer.from([0x20, 1]);
    // google.protobuf.Value: list_value (6) { values (1) }
    for (let level = 0; level < depth; level++) value = field(6, field(1, value)) as typeof value;
    return value;
  };
  const attacks: Readonly<Record<string, Buffer>> = {
    'values nested too deeply': field(1, inner(2_000)),
    'groups nested too deeply': Buffer.alloc(100_000, 0x7b),
    'a varint that never ends': Buffer.alloc(100_000, 0xff),
    'a varint of eleven bytes': Buffer.from([0x10, ...Array(10).fill(0x80), 1]),
    'a length past the end': Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]),
    'a length past 2^32': Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1]),
    'a field number of zero': Buffer.from([0x00, 1]),
    'a wire type that nobody has': Buffer.from([0x0f, 1]),
    'an end of a group that never began': Buffer.from([0x0c]),
    'a list past its limit': Buffer.alloc(200_000, Buffer.from([0x32, 0])),
  };
  for (const [what, message] of Object.entries(attacks)) {
    it(`refuses ${what}`, async () => {
      const { status, headers } = await raw(target.url, '/vault.Vault/Keep', framed(message));
      assert.ok([3, 8, 13].includes(status), `${status} ${headers['grpc-message']}`);
      assert.ok(String(headers['grpc-message']).length < 2_000);
    });
  }

  it('refuses one more message than there is room for, and messages without end', async () => {
    const head = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
    const { status } = await raw(target.url, '/vault.Vault/Gather', head);
    assert.equal(status, 8);
  });
});
