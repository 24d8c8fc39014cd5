import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { Contract } from '../../src/model/contract.ts';
import { openApi } from '../../src/protocols/rest/document.ts';
import rest from '../../src/protocols/rest/index.ts';
import { contract, shop } from './rest-application.ts';
import { startServer, type TestServer } from './rest-server.ts';

let server: TestServer;

before(async () => {
  server = await startServer(shop());
});
after(() => server.close());

// biome-ignore lint/suspicious/noExplicitAny: a document is looked into at many depths
type Document = any;

async function assertValid(document: Document): Promise<void> {
  const result = await new Validator().validate(document);
  assert.equal(result.valid, true, JSON.stringify(result.errors, null, 1));
}

function references(value: unknown, found: string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref' && typeof member === 'string') found.push(member);
    else references(member, found);
  }
  return found;
}

describe('OpenAPI', () => {
  it('is valid, and every reference leads somewhere', async () => {
    const response = await fetch(`${server.url}/openapi.json`);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const document = (await response.json()) as Document;
    await assertValid(document);
    for (const reference of references(document)) {
      assert.match(reference, /^#\/components\//);
      const [, , kind, name] = reference.split('/');
      assert.ok(document.components[kind!][name!] !== undefined, reference);
    }
  });

  it('names every operation once, where it is served', () => {
    const document = openApi([contract], { baseUrl: '/', secured: false }) as Document;
    const get = document.paths['/items/{id}'].get;
    assert.equal(get['x-polywire-operation'], 'items.get');
    assert.deepEqual(get.parameters, [
      {
        name: 'id',
        in: 'path',
        required: true,
        schema: { type: 'integer' },
        examples: { first: { value: 1 } },
      },
    ]);
    assert.deepEqual(get.responses['404'].content['application/problem+json'].schema.anyOf, [
      { $ref: '#/components/schemas/ItemUnknown.Problem' },
      { $ref: '#/components/schemas/ItemGone.Problem' },
      { $ref: '#/components/schemas/polywire.Problem' },
    ]);
    assert.deepEqual(document.components.schemas['ItemUnknown.Problem'].properties.data.required, [
      'id',
    ]);
    assert.equal(document.paths['/items/{id}'].delete.deprecated, true);
    assert.ok(document.paths['/items/{id}'].delete.responses['204']);
    const put = document.paths['/items/{id}'].put;
    assert.deepEqual(put.requestBody.content['application/json'].schema.required, ['name']);
    const operations = Object.values(document.paths).flatMap((item) =>
      Object.values(item as object).map((one: Document) => one.operationId as string),
    );
    assert.equal(new Set(operations).size, operations.length);
    assert.equal(operations.length, contract.services[0]!.operations.length + 1);
  });

  it('tells the form of each query parameter, and of headers', () => {
    const document = openApi([contract], { baseUrl: '/', secured: false }) as Document;
    const parameters = new Map<string, Document>(
      document.paths['/items/echo'].get.parameters.map((one: Document) => [one.name, one]),
    );
    assert.equal(parameters.get('tags').schema.type, 'array');
    assert.equal(parameters.get('where').style, 'deepObject');
    assert.ok(parameters.get('rows').content['application/json'].schema);
    assert.equal(parameters.get('x-tenant').in, 'header');
  });

  it('describes streams, and publishing of events', () => {
    const document = openApi([contract], { baseUrl: '/', secured: false }) as Document;
    const count = document.paths['/items/count'].get.responses['200'].content;
    assert.deepEqual(Object.keys(count), ['text/event-stream', 'application/x-ndjson']);
    assert.equal(count['application/x-ndjson'].schema.items.type, 'object');
    const sum = document.paths['/items/sum'].post.requestBody.content;
    assert.equal(sum['application/json'].schema.type, 'array');
    const publish = document.paths['/publish/items/placed/{region}'].post;
    assert.equal(publish['x-polywire-event'], 'items.placed');
    assert.equal(publish.parameters[0].name, 'region');
  });

  it('asks for credentials where the hub does, with the scopes', async () => {
    const scoped: Contract = structuredClone(contract);
    (scoped.services[0]!.operations[0]!.scopes as string[]).push('items:read');
    const document = openApi([scoped], { baseUrl: '/', secured: true }) as Document;
    assert.deepEqual(document.paths['/items/{id}'].get.security, [
      { bearer: ['items:read'] },
      { basic: ['items:read'] },
    ]);
    await assertValid(document);
  });

  it('holds several contracts, also with types of one name', async () => {
    const other: Contract = {
      ...contract,
      name: 'depot',
      services: contract.services.map((service) => ({
        ...service,
        name: 'depot',
        events: [],
        operations: service.operations.map(({ http: _, ...operation }) => operation),
      })),
      $defs: { Item: { type: 'object', properties: { place: { type: 'string' } } } },
    };
    const document = openApi([contract, other], { baseUrl: '/', secured: false }) as Document;
    await assertValid(document);
    assert.ok(document.components.schemas.Item.properties.id);
    assert.ok(document.components.schemas['depot.Item'].properties.place);
  });

  it('is exported for one contract', async () => {
    const text = await rest.documents[0]!.create(contract, 'http://127.0.0.1:7070');
    const document = JSON.parse(text) as Document;
    assert.equal(document.servers[0].url, 'http://127.0.0.1:7070');
    await assertValid(document);
  });

  it('is served with an ETag', async () => {
    const first = await fetch(`${server.url}/openapi.json`);
    const etag = first.headers.get('etag') ?? '';
    await first.body?.cancel();
    const again = await fetch(`${server.url}/openapi.json`, { headers: { 'if-none-match': etag } });
    assert.equal(again.status, 304);
  });
});

describe('the page at /docs', () => {
  it('loads only from its own server, under a policy without inline code', async () => {
    const response = await fetch(`${server.url}/docs`);
    const page = await response.text();
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.doesNotMatch(page, /https?:\/\//);
    assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)|<style|\son[a-z]+=|\sstyle=/);
    const loaded = [...page.matchAll(/(?:src|href)="(\/docs[^"]*)"/g)].map((match) => match[1]!);
    assert.deepEqual(loaded.toSorted(), ['/docs/page.css', '/docs/page.js']);
    for (const path of loaded) {
      const part = await fetch(server.url + path);
      assert.equal(part.status, 200);
      const text = await part.text();
      assert.doesNotMatch(text, /https?:\/\//);
      assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
    }
  });

  it('uses only elements that the page has', () => {
    const folder = new URL('../../src/protocols/rest/docs-page/', import.meta.url);
    const page = readFileSync(new URL('page.html', folder), 'utf8');
    const script = readFileSync(new URL('page.js', folder), 'utf8');
    for (const match of script.matchAll(/getElementById\('([^']+)'\)/g)) {
      assert.ok(page.includes(`id="${match[1]}"`), match[1]);
    }
  });

  it('can be switched off', async () => {
    const own = await startServer(shop(), { rest: { docs: false } });
    assert.equal((await fetch(`${own.url}/docs`)).status, 404);
    assert.equal((await fetch(`${own.url}/openapi.json`)).status, 200);
    await own.close();
  });
});
