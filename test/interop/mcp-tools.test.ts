import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallToolResult } from '@modelcontextprotocol/client';
import { FULL, LIMITED, modernClient, sessionClient, startShop } from './mcp-kit.ts';

const faultOf = (result: CallToolResult) =>
  result._meta?.['polywire/fault'] as Record<string, unknown>;
const textOf = (result: CallToolResult) =>
  result.content.map((block) => (block.type === 'text' ? block.text : block.type));

describe('tools', () => {
  it('describe operations: name, docs, schemas, hints', async (context) => {
    const { url } = await startShop(context);
    const client = await modernClient(context, url);
    const { tools } = await client.listTools();
    const tool = (name: string) => tools.find((one) => one.name === name)!;
    assert.deepEqual(
      tools.map(({ name }) => name),
      [
        'shop_get',
        'shop_names',
        'shop_buy',
        'shop_forget',
        'shop_secret',
        'shop_old',
        'shop_echo',
        'shop_count',
        'shop_ticks',
        'shop_breaks',
        'shop_wait',
        'shop_sum',
      ],
    );
    assert.equal(tool('shop_get').description, 'One item.');
    assert.equal(tool('shop_get').title, 'shop.get');
    assert.match(
      tool('shop_buy').description!,
      /Takes one\.[\s\S]*- OutOfStock \(FAILED_PRECONDITION\)/,
    );
    assert.match(tool('shop_old').description!, /Deprecated: use get/);
    assert.deepEqual(tool('shop_get').annotations, {
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    });
    assert.deepEqual(tool('shop_buy').annotations, {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: false,
    });
    assert.equal(tool('shop_forget').annotations?.idempotentHint, true);
    assert.equal(tool('shop_forget').outputSchema, undefined);
    assert.equal(tool('shop_get').outputSchema?.type, 'object');
    assert.deepEqual(tool('shop_names').outputSchema?.properties, {
      result: { type: 'array', items: { type: 'string' } },
    });
    assert.deepEqual(tool('shop_sum').inputSchema.required, ['items']);
    assert.deepEqual(tool('shop_count').outputSchema?.required, ['items', 'complete']);
  });

  it('answer in text and as a value that fits the output schema', async (context) => {
    const { url } = await startShop(context);
    for (const connect of [modernClient, sessionClient]) {
      const client = await connect(context, url);
      // The clients check structuredContent against the schemas of the list.
      await client.listTools();
      const call = async (name: string, given: Record<string, unknown> = {}) =>
        (await client.callTool({ name, arguments: given })) as CallToolResult;
      const item = await call('shop_get', { id: 'ä"\\\u2028', weight: 1.5 });
      assert.deepEqual(item.structuredContent, { id: 'ä"\\\u2028', weight: 1.5 });
      assert.deepEqual(JSON.parse(textOf(item)[0]!), item.structuredContent);
      assert.deepEqual((await call('shop_names')).structuredContent, { result: ['a', 'b'] });
      assert.deepEqual((await call('shop_sum', { items: [] })).structuredContent, { result: 0 });
      assert.deepEqual(
        (
          await call('shop_sum', {
            items: [
              { id: 'a', weight: 2 },
              { id: 'b', weight: 3 },
            ],
          })
        ).structuredContent,
        { result: 5 },
      );
      const nothing = await call('shop_forget', { id: 'a' });
      assert.deepEqual([nothing.structuredContent, textOf(nothing)], [undefined, ['Done.']]);
    }
  });

  it('fail with the fault document, whole, and without what must stay inside', async (context) => {
    const { url } = await startShop(context);
    for (const connect of [modernClient, sessionClient]) {
      const client = await connect(context, url);
      await client.listTools();
      const call = async (name: string, given: Record<string, unknown> = {}) =>
        (await client.callTool({ name, arguments: given })) as CallToolResult;
      const declared = await call('shop_buy', { id: 'none' });
      assert.equal(declared.isError, true);
      assert.deepEqual(faultOf(declared), {
        code: 'FAILED_PRECONDITION',
        message: 'There is none left.',
        error: 'OutOfStock',
        data: { id: 'none', back: 'May' },
      });
      assert.deepEqual(JSON.parse(textOf(declared)[0]!), faultOf(declared));
      const invalid = await call('shop_get', { id: 5 });
      assert.equal(faultOf(invalid).code, 'INVALID_ARGUMENT');
      assert.deepEqual(
        (faultOf(invalid).violations as { path: string }[]).map(({ path }) => path),
        ['/id'],
      );
      const bug = await call('shop_buy', { id: 'bug' });
      assert.equal(faultOf(bug).code, 'INTERNAL');
      assert.doesNotMatch(JSON.stringify(bug), /password/);
      const broken = await call('shop_breaks');
      assert.equal(faultOf(broken).error, 'OutOfStock');
      assert.deepEqual(JSON.parse(textOf(broken)[1]!), { items: [1, 2], complete: false });
      const list = await call('shop_sum', { items: 'no list' });
      assert.equal((faultOf(list).violations as { path: string }[])[0]?.path, '/items');
    }
  });

  it('that do not exist, and parameters that are none, are errors of the protocol', async (context) => {
    const { url } = await startShop(context);
    for (const connect of [modernClient, sessionClient]) {
      const client = await connect(context, url);
      for (const name of ['shop_nowhere', 'shop.get', '', 'constructor', '__proto__']) {
        await assert.rejects(client.callTool({ name, arguments: {} }), { code: -32602 }, name);
      }
      await assert.rejects(
        client.callTool({ name: 'shop_get', arguments: [1] as never }),
        (error: { code?: number }) => error.code === -32602 || error instanceof Error,
      );
    }
  });

  it('report each item of a stream as progress', async (context) => {
    const { url } = await startShop(context);
    for (const connect of [modernClient, sessionClient]) {
      const client = await connect(context, url);
      const progress: unknown[] = [];
      const result = (await client.callTool(
        { name: 'shop_count', arguments: { from: 7, to: 9 } },
        ...((connect === modernClient ? [] : [undefined]) as []),
        { onprogress: (step: unknown) => progress.push(step) } as never,
      )) as CallToolResult;
      assert.deepEqual(result.structuredContent, { items: [7, 8, 9], complete: true });
      assert.deepEqual(progress, [
        { progress: 1, message: '7' },
        { progress: 2, message: '8' },
        { progress: 3, message: '9' },
      ]);
    }
  });

  it('collect no more of a stream than the options allow', async (context) => {
    const { url, seen } = await startShop(context, {
      mcp: { maxItems: 3, collectTimeMs: 100, maxResultBytes: 1024 },
    });
    const client = await modernClient(context, url);
    const count = await client.callTool({ name: 'shop_count', arguments: { to: 1_000_000_000 } });
    assert.deepEqual(count.structuredContent, { items: [1, 2, 3], complete: false });
    const exact = await client.callTool({ name: 'shop_count', arguments: { to: 3 } });
    assert.deepEqual(exact.structuredContent, { items: [1, 2, 3], complete: true });
    const endless = await client.callTool({ name: 'shop_ticks' });
    assert.deepEqual(endless.structuredContent, { items: [], complete: false });
    assert.equal(seen.open, 0, 'the handler was told to stop');
    const many = await client.callTool({
      name: 'shop_sum',
      arguments: { items: [1, 2, 3, 4].map((weight) => ({ id: 'x', weight })) },
    });
    assert.equal(faultOf(many).code, 'RESOURCE_EXHAUSTED');
  });
});

describe('which tools are listed', () => {
  it('is a policy: patterns, and whether commands are', async (context) => {
    const { url } = await startShop(context, {
      mcp: { expose: ['shop.*'], hide: ['shop.secret', 'shop.sold'], exposeCommands: false },
    });
    const client = await modernClient(context, url);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    assert.deepEqual(names, [
      'shop_get',
      'shop_names',
      'shop_old',
      'shop_echo',
      'shop_count',
      'shop_ticks',
      'shop_breaks',
    ]);
    for (const name of ['shop_buy', 'shop_secret']) {
      await assert.rejects(client.callTool({ name, arguments: { id: 'a' } }), { code: -32602 });
    }
    const { resources } = await client.listResources();
    assert.ok(!resources.some(({ uri }) => uri.endsWith('shop.sold')));
    await assert.rejects(client.readResource({ uri: 'polywire://events/shop.sold' }), {
      code: -32602,
    });
  });

  it('depends on the scopes of who asks; calling the others says why not', async (context) => {
    const { url } = await startShop(context, { secured: true });
    for (const [token, listed, code] of [
      [FULL, true, undefined],
      [LIMITED, false, 'PERMISSION_DENIED'],
      [undefined, false, 'UNAUTHENTICATED'],
    ] as const) {
      for (const connect of [modernClient, sessionClient]) {
        const client = await connect(context, url, token);
        const { tools } = await client.listTools();
        assert.equal(
          tools.some(({ name }) => name === 'shop_secret'),
          listed,
        );
        const result = (await client.callTool({ name: 'shop_secret' })) as CallToolResult;
        assert.equal(faultOf(result ?? {})?.code, code);
        const { resources } = await client.listResources();
        assert.equal(
          resources.some(({ name }) => name === 'shop.audited'),
          listed,
        );
      }
    }
  });

  it('comes page by page', async (context) => {
    const { url } = await startShop(context, { secured: true, mcp: { pageSize: 2 } });
    const client = await sessionClient(context, url, LIMITED);
    const names: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await client.listTools(cursor === undefined ? {} : { cursor });
      assert.ok(page.tools.length <= 2);
      names.push(...page.tools.map(({ name }) => name));
      cursor = page.nextCursor;
      pages++;
    } while (cursor !== undefined);
    assert.equal(pages, 6);
    assert.equal(new Set(names).size, 11);
    for (const bad of ['', 'after:', 'after:-1', 'after:999', 'after:1e1', '2']) {
      await assert.rejects(client.listTools({ cursor: bad }), { code: -32602 }, bad);
    }
  });
});
