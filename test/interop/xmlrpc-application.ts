import { command, contract, error, implement, query, service, stream } from '../../src/index.ts';
import type { Fault } from '../../src/model/fault.ts';

/** Operations for every type and turn of XML-RPC. */

const Everything = {
  type: 'object',
  properties: {
    text: { type: 'string' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    flag: { type: 'boolean' },
    at: { type: 'string', format: 'date-time' },
    bytes: { type: 'string', contentEncoding: 'base64' },
    long: { type: 'string', format: 'int64' },
    day: { type: 'string', format: 'date' },
    nothing: { type: 'null' },
    numbers: { type: 'array', items: { type: 'number' } },
    nested: {
      type: 'object',
      properties: { list: { type: 'array', items: { type: 'array', items: { type: 'integer' } } } },
      additionalProperties: { type: 'string' },
    },
  },
  additionalProperties: false,
} as const;

const Pair = {
  type: 'object',
  properties: {
    a: { type: 'number', description: 'Taken from.' },
    b: { type: 'number', description: 'Taken away.' },
    unit: { type: 'string' },
  },
  required: ['a', 'b'],
  additionalProperties: false,
} as const;

const OutOfStock = error({
  code: 'FAILED_PRECONDITION',
  message: 'There are not enough left.',
  data: {
    type: 'object',
    properties: { left: { type: 'integer' }, since: { type: 'string', format: 'date-time' } },
    required: ['left'],
    additionalProperties: false,
  } as const,
});

export const xmlRpcContract = contract({
  name: 'xmlrpc-test',
  version: '1.0.0',
  errors: { OutOfStock },
  services: {
    test: service({
      operations: {
        echo: query({ input: Everything, output: Everything, doc: 'Answers what it was given.' }),
        any: query({
          input: { type: 'object', properties: { value: true } } as const,
          output: true,
        }),
        subtract: query({
          input: Pair,
          output: { type: 'number' },
          doc: 'Takes b from a.',
          errors: ['OutOfStock'],
        }),
        later: query({ input: Pair, output: { type: 'number' } }),
        fail: command({ errors: ['OutOfStock'] }),
        nothing: command({}),
        crash: command({}),
        control: query({ output: { type: 'string' } }),
        who: query({ output: true }),
        forever: query({}),
        reply: command({}),
        next: command({ output: { type: 'integer' } }),
        watch: query({ output: stream({ type: 'integer' }) }),
      },
    }),
  },
});

export interface Seen {
  readonly aborted: string[];
  calls: number;
}

export function xmlRpcApplication(seen: Seen) {
  return implement(xmlRpcContract, {
    test: {
      echo: (input) => input,
      any: (input) => (input as { value?: unknown }).value,
      subtract: ({ a, b }) => a - b,
      later: async ({ a, b }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return a - b;
      },
      fail: () => {
        throw xmlRpcContract.errors.OutOfStock({ left: 3, since: '2026-01-02T03:04:05Z' });
      },
      nothing: () => undefined,
      crash: () => {
        throw new Error('a secret');
      },
      control: () => 'bell \u0007',
      who: (_, context) => ({
        principal: context.principal.id,
        header: context.metadata.get('x-color') ?? null,
        authorization: context.metadata.get('authorization') ?? null,
        trace: context.trace?.traceparent ?? null,
      }),
      forever: async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        seen.aborted.push((signal.reason as Fault).code);
        throw signal.reason;
      },
      reply: (_, context) => {
        context.setReplyMetadata('x-reply', 'Grüße');
        return undefined;
      },
      next: () => ++seen.calls,
      watch: async function* () {
        yield 1;
      },
    },
  });
}
