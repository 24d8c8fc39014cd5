import type { Application, Context, Handler } from '../../src/model/application.ts';
import type { Contract, Operation } from '../../src/model/contract.ts';
import { Fault } from '../../src/model/fault.ts';
import { type JsonSchema, NO_INPUT, NO_OUTPUT } from '../../src/model/schema.ts';

/** A contract with an operation of every kind that REST treats in its own way. */

const ITEM: JsonSchema = { $ref: '#/$defs/Item' };

function operation(name: string, parts: Partial<Operation>): Operation {
  return {
    name,
    kind: 'query',
    input: { schema: NO_INPUT, stream: false },
    output: { schema: NO_OUTPUT, stream: false },
    errors: [],
    scopes: [],
    examples: [],
    ...parts,
  };
}

const one = (schema: JsonSchema) => ({ schema, stream: false });
const many = (schema: JsonSchema) => ({ schema, stream: true });
const object = (properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
  additionalProperties: false,
});

export const contract: Contract = {
  polywire: '1',
  name: 'shop',
  version: '1.2.3',
  doc: 'A shop to try things with.',
  services: [
    {
      name: 'items',
      doc: 'Items.',
      operations: [
        operation('get', {
          doc: 'One item. It is found by its number.',
          input: one(object({ id: { type: 'integer' } }, ['id'])),
          output: one(ITEM),
          errors: ['ItemUnknown', 'ItemGone'],
          http: { path: '/items/{id}' },
          examples: [{ name: 'first', input: { id: 1 }, output: { id: 1, name: 'one' } }],
        }),
        operation('echo', {
          input: one(
            object({
              text: { type: 'string' },
              count: { type: 'integer' },
              ratio: { type: 'number' },
              on: { type: 'boolean' },
              tags: { type: 'array', items: { type: 'string' } },
              numbers: { type: 'array', items: { type: 'integer' } },
              where: object({ city: { type: 'string' }, zip: { type: 'integer' } }),
              rows: { type: 'array', items: ITEM },
              tenant: { type: 'string', 'x-http-header': 'X-Tenant' },
            }),
          ),
          output: one(true),
        }),
        operation('create', {
          kind: 'command',
          input: one(ITEM),
          output: one(ITEM),
          errors: ['ItemExists'],
        }),
        operation('replace', {
          kind: 'command',
          input: one({
            ...(object({ id: { type: 'integer' }, name: { type: 'string' } }, [
              'id',
              'name',
            ]) as object),
          }),
          output: one(ITEM),
          http: { method: 'PUT', path: '/items/{id}' },
        }),
        operation('remove', {
          kind: 'command',
          input: one(object({ id: { type: 'integer' } }, ['id'])),
          http: { method: 'DELETE', path: '/items/{id}' },
          deprecated: 'Items are kept; use archive.',
        }),
        operation('large', {
          input: one(object({ size: { type: 'integer' } }, ['size'])),
          output: one({ type: 'string' }),
        }),
        operation('slow', {
          input: one(object({ ms: { type: 'integer' } }, ['ms'])),
          output: one({ type: 'string' }),
        }),
        operation('headers', { output: one(true) }),
        operation('count', {
          input: one(object({ to: { type: 'integer' }, failAt: { type: 'integer' } }, ['to'])),
          output: many(object({ n: { type: 'integer' } }, ['n'])),
          errors: ['ItemUnknown'],
        }),
        operation('forever', { output: many({ type: 'integer' }) }),
        operation('sum', {
          kind: 'command',
          input: many(object({ n: { type: 'integer' } }, ['n'])),
          output: one(object({ sum: { type: 'integer' } }, ['sum'])),
        }),
        operation('double', {
          kind: 'command',
          input: many(object({ n: { type: 'integer' } }, ['n'])),
          output: many(object({ n: { type: 'integer' } }, ['n'])),
        }),
      ],
      events: [
        {
          name: 'placed',
          subject: 'items.placed.{region}',
          schema: object({ region: { type: 'string' }, id: { type: 'integer' } }, ['region', 'id']),
          key: 'id',
          scopes: [],
          examples: [{ region: 'north', id: 1 }],
        },
      ],
    },
  ],
  errors: {
    ItemUnknown: {
      code: 'NOT_FOUND',
      doc: 'There is no such item.',
      data: object({ id: { type: 'integer' } }, ['id']),
    },
    ItemGone: { code: 'NOT_FOUND', message: 'It was here once.' },
    ItemExists: { code: 'ALREADY_EXISTS' },
  },
  $defs: {
    Item: object({ id: { type: 'integer' }, name: { type: 'string' } }, ['id', 'name']),
  },
};

export interface Recorder {
  readonly created: unknown[];
  /** Streams that were left before their end. */
  left: number;
  counted: number;
}

export function shop(): Application & { readonly recorder: Recorder } {
  const recorder: Recorder = { created: [], left: 0, counted: 0 };
  const unknown = (id: number) =>
    new Fault('NOT_FOUND', `No item ${id}.`, { error: 'ItemUnknown', data: { id } });
  const handlers: Record<string, (input: never, context: Context) => unknown> = {
    get: ({ id }: { id: number }) => {
      if (id > 100) throw unknown(id);
      return { id, name: `item ${id}` };
    },
    echo: (input: unknown) => input,
    create: async (input: { id: number; name: string }) => {
      await new Promise((resolve) => setTimeout(resolve, input.name === 'slow' ? 60 : 0));
      if (input.id === 409) throw new Fault('ALREADY_EXISTS', 'There.', { error: 'ItemExists' });
      recorder.created.push(input);
      return input;
    },
    replace: (input: unknown) => input,
    remove: (_: unknown, context: Context) => {
      context.setReplyMetadata('x-removed', 'yes');
      return null;
    },
    large: ({ size }: { size: number }) => 'x'.repeat(size),
    slow: async ({ ms }: { ms: number }, context: Context) => {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        context.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          recorder.left++;
          reject(context.signal.reason);
        });
      });
      return 'done';
    },
    headers: (_: unknown, context: Context) => {
      context.setReplyMetadata('X-Text', 'grün\n');
      context.setReplyMetadata('content-length', '7');
      context.setReplyMetadata('cache-control', 'max-age=60');
      return {
        trace: context.trace?.traceparent.slice(3, 35) ?? null,
        secret: context.metadata.get('authorization') ?? null,
        custom: context.metadata.get('x-custom') ?? null,
        deadline: context.deadlineMs !== Number.POSITIVE_INFINITY,
      };
    },
    count: async function* ({ to, failAt }: { to: number; failAt?: number }) {
      try {
        for (let n = 1; n <= to; n++) {
          if (n === failAt) throw unknown(n);
          yield { n };
          recorder.counted = n;
        }
      } finally {
        if (recorder.counted < to) recorder.left++;
      }
    },
    forever: async function* (_: unknown, context: Context) {
      try {
        yield 1;
        await new Promise((_resolve, reject) => {
          context.signal.addEventListener('abort', () => reject(context.signal.reason));
        });
      } finally {
        recorder.left++;
      }
    },
    sum: async (items: AsyncIterable<{ n: number }>) => {
      let sum = 0;
      for await (const { n } of items) sum += n;
      return { sum };
    },
    double: async function* (items: AsyncIterable<{ n: number }>) {
      for await (const { n } of items) yield { n: 2 * n };
    },
  };
  return {
    contract,
    recorder,
    parsers: new Map(),
    handlers: new Map(
      Object.entries(handlers).map(([name, handler]) => [`items.${name}`, handler as Handler]),
    ),
  };
}
