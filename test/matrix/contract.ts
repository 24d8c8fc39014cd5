import { command, contract, error, implement, query, service, stream } from '../../src/index.ts';
import type { Context } from '../../src/model/application.ts';
import type { Fault } from '../../src/model/fault.ts';

/** One operation of each shape for each outcome that a cell of the matrix asks about. */

const Item = {
  type: 'object',
  properties: {
    count: { type: 'integer', minimum: 0 },
    text: { type: 'string', maxLength: 4_000_000 },
  },
  required: ['count', 'text'],
  additionalProperties: false,
} as const;

const Total = {
  type: 'object',
  properties: { items: { type: 'integer' }, characters: { type: 'integer' } },
  required: ['items', 'characters'],
  additionalProperties: false,
} as const;

const ItemMissing = error({
  code: 'NOT_FOUND',
  message: 'There is no such item.',
  data: {
    type: 'object',
    properties: { count: { type: 'integer' }, near: { type: 'array', items: { type: 'string' } } },
    required: ['count', 'near'],
    additionalProperties: false,
  } as const,
});

const errors = ['ItemMissing'] as const;
const scopes = ['matrix:secret'] as const;

export const matrix = contract({
  name: 'matrix',
  version: '1.0.0',
  errors: { ItemMissing },
  services: {
    matrix: service({
      operations: {
        unary: query({ input: Item, output: Item }),
        unaryReject: query({ input: Item, output: Item, errors }),
        unarySecret: query({ input: Item, output: Item, scopes }),
        unarySlow: query({ input: Item, output: Item }),
        change: command({ input: Item, output: Item }),
        serverStream: query({ input: Item, output: stream(Item) }),
        serverStreamReject: query({ input: Item, output: stream(Item), errors }),
        serverStreamSecret: query({ input: Item, output: stream(Item), scopes }),
        serverStreamSlow: query({ input: Item, output: stream(Item) }),
        clientStream: command({ input: stream(Item), output: Total }),
        clientStreamReject: command({ input: stream(Item), output: Total, errors }),
        clientStreamSecret: command({ input: stream(Item), output: Total, scopes }),
        clientStreamSlow: command({ input: stream(Item), output: Total }),
        bidirectional: command({ input: stream(Item), output: stream(Item) }),
        bidirectionalReject: command({ input: stream(Item), output: stream(Item), errors }),
        bidirectionalSecret: command({ input: stream(Item), output: stream(Item), scopes }),
        bidirectionalSlow: command({ input: stream(Item), output: stream(Item) }),
      },
    }),
  },
});

type ItemValue = { count: number; text: string };

/** Calls of the `...Slow` operations as the handlers saw them. */
export class Witness {
  #started = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<Fault>();

  reset(): void {
    this.#started = Promise.withResolvers();
    this.#ended = Promise.withResolvers();
  }

  /** Resolves when the handler runs. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves with the reason when the handler's signal is aborted. */
  get ended(): Promise<Fault> {
    return this.#ended.promise;
  }

  async wait(context: Context): Promise<never> {
    const ended = this.#ended;
    const { signal } = context;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      this.#started.resolve();
    });
    ended.resolve(signal.reason as Fault);
    throw signal.reason;
  }
}

const reject = (count: number) => matrix.errors.ItemMissing({ count, near: ['a', 'b'] });

async function* repeat(input: ItemValue): AsyncGenerator<ItemValue, void> {
  for (let index = 0; index < input.count; index++) yield { count: index, text: input.text };
}

async function total(items: AsyncIterable<ItemValue>) {
  let count = 0;
  let characters = 0;
  for await (const item of items) {
    count++;
    characters += item.text.length;
  }
  return { items: count, characters };
}

export function matrixApplication(witness: Witness) {
  return implement(matrix, {
    matrix: {
      unary: async (input) => input,
      unaryReject: async (input) => {
        throw reject(input.count);
      },
      unarySecret: async (input) => input,
      unarySlow: async (_, context) => witness.wait(context),
      change: async (input) => input,
      serverStream: repeat,
      serverStreamReject: async function* (input) {
        yield* repeat(input);
        throw reject(input.count);
      },
      serverStreamSecret: repeat,
      serverStreamSlow: async function* (input, context) {
        yield input;
        await witness.wait(context);
      },
      clientStream: total,
      clientStreamReject: async (items) => {
        throw reject((await total(items)).items);
      },
      clientStreamSecret: total,
      clientStreamSlow: async (_, context) => witness.wait(context),
      bidirectional: async function* (items) {
        yield* items;
      },
      bidirectionalReject: async function* (items) {
        let count = 0;
        for await (const item of items) {
          yield item;
          count++;
        }
        throw reject(count);
      },
      bidirectionalSecret: async function* (items) {
        yield* items;
      },
      bidirectionalSlow: async function* (items, context) {
        for await (const item of items) {
          yield item;
          break;
        }
        await witness.wait(context);
      },
    },
  });
}
