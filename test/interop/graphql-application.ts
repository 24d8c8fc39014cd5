import { setTimeout as sleep } from 'node:timers/promises';
import {
  command,
  contract,
  error,
  event,
  implement,
  query,
  service,
  stream,
} from '../../src/index.ts';

/** Everything that a GraphQL schema has a form for, and what it has none for. */

const Author = {
  type: 'object',
  description: 'Who writes books.',
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    born: { type: 'string', format: 'date' },
  },
  required: ['id', 'name'],
  additionalProperties: false,
} as const;

const Genre = {
  enum: ['novel', 'science-fiction', 'poetry'],
  description: 'Kind of book.',
} as const;

const Book = {
  type: 'object',
  properties: {
    id: { type: 'string', format: 'uuid' },
    title: { type: 'string' },
    authorId: { type: 'string' },
    genre: { $ref: '#/$defs/Genre' },
    pages: { type: 'integer', minimum: 1, maximum: 100_000 },
    sold: { type: 'integer' },
    'sold-abroad': { type: ['integer', 'null'] },
    price: { type: 'number' },
    published: { type: 'string', format: 'date-time' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    parts: { type: 'array', items: { $ref: '#/$defs/Part' } },
    old: { type: 'string', deprecated: true },
  },
  required: ['id', 'title', 'authorId', 'genre', 'pages', 'sold', 'parts'],
  additionalProperties: false,
} as const;

const Part = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    parts: { type: 'array', items: { $ref: '#/$defs/Part' } },
  },
  required: ['name'],
  additionalProperties: false,
} as const;

const Card = {
  type: 'object',
  properties: { kind: { const: 'card' }, number: { type: 'string' } },
  required: ['kind', 'number'],
  additionalProperties: false,
} as const;

const Transfer = {
  type: 'object',
  properties: { kind: { const: 'transfer' }, iban: { type: 'string' } },
  required: ['kind', 'iban'],
  additionalProperties: false,
} as const;

const Payment = { oneOf: [{ $ref: '#/$defs/Card' }, { $ref: '#/$defs/Transfer' }] } as const;

const Shape = {
  anyOf: [
    {
      type: 'object',
      properties: { radius: { type: 'number' } },
      required: ['radius'],
      additionalProperties: false,
    },
    {
      type: 'object',
      properties: { width: { type: 'number' }, height: { type: 'number' } },
      required: ['width', 'height'],
      additionalProperties: false,
    },
  ],
} as const;

const BookMissing = error({
  code: 'NOT_FOUND',
  doc: 'No book has this id.',
  data: {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    additionalProperties: false,
  } as const,
});

const object = <const P extends object, const R extends readonly string[]>(
  properties: P,
  required: R,
) => ({ type: 'object', properties, required, additionalProperties: false }) as const;

export const library = contract({
  name: 'library',
  version: '1.0.0',
  doc: 'Books and who wrote them.',
  errors: { BookMissing },
  types: { Author, Genre, Book, Part, Card, Transfer, Payment, Shape },
  links: [
    {
      type: 'Book',
      name: 'author',
      doc: 'Who wrote it.',
      operation: 'authors.get',
      input: { id: 'authorId' },
    },
    { type: 'Author', name: 'books', operation: 'books.by', input: { author: 'id' } },
  ],
  services: {
    books: service({
      operations: {
        get: query({
          doc: 'One book.',
          input: object({ id: { type: 'string' } }, ['id']),
          output: { $ref: '#/$defs/Book' } as const,
          errors: ['BookMissing'],
        }),
        list: query({
          input: object(
            {
              genre: { $ref: '#/$defs/Genre' },
              limit: { type: 'integer', minimum: 1, maximum: 1000, default: 10 },
            },
            [],
          ),
          output: object({ items: { type: 'array', items: { $ref: '#/$defs/Book' } } }, ['items']),
        }),
        by: query({
          input: object({ author: { type: 'string' } }, ['author']),
          output: { type: 'array', items: { $ref: '#/$defs/Book' } } as const,
        }),
        old: query({ deprecated: 'Use list.', output: { type: 'integer' } as const }),
        pay: command({
          input: object(
            {
              payment: { $ref: '#/$defs/Payment' },
              note: { type: 'string' },
              tip: { type: ['number', 'null'] },
            },
            ['payment'],
          ),
          output: { $ref: '#/$defs/Payment' } as const,
        }),
        echo: query({
          input: object(
            {
              genre: { $ref: '#/$defs/Genre' },
              'sold-abroad': { type: 'integer' },
              any: {},
              list: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 9 } },
              big: { type: 'string', format: 'int64' },
              shape: { $ref: '#/$defs/Shape' },
              note: { type: 'string' },
              tip: { type: ['number', 'null'] },
            },
            [],
          ),
          output: { type: 'object', additionalProperties: true } as const,
        }),
        shapes: query({ output: { type: 'array', items: { $ref: '#/$defs/Shape' } } as const }),
        forget: command({ input: object({ id: { type: 'string' } }, ['id']) }),
        slow: query({ output: { type: 'string' } as const }),
        count: query({
          input: object({ to: { type: 'integer', minimum: 0, maximum: 1000 } }, ['to']),
          output: stream({ type: 'integer', minimum: 0, maximum: 1000 } as const),
          errors: ['BookMissing'],
        }),
        upload: command({
          input: stream({ $ref: '#/$defs/Book' } as const),
          output: { type: 'integer' } as const,
        }),
        announce: command({
          input: object({ id: { type: 'string' }, title: { type: 'string' } }, ['id', 'title']),
        }),
        secret: query({ output: { type: 'string' } as const, scopes: ['secret'] }),
      },
      events: {
        appeared: event({
          doc: 'A book came out.',
          subject: 'books.{id}.appeared',
          payload: object({ id: { type: 'string' }, title: { type: 'string' } }, ['id', 'title']),
        }),
      },
    }),
    authors: service({
      operations: {
        get: query({
          input: object({ id: { type: 'string' } }, ['id']),
          output: { $ref: '#/$defs/Author' } as const,
          batch: { operation: 'authors.getMany', member: 'id', list: 'ids', key: 'id' },
        }),
        getMany: query({
          input: object({ ids: { type: 'array', items: { type: 'string' } } }, ['ids']),
          output: { type: 'array', items: { $ref: '#/$defs/Author' } } as const,
        }),
      },
    }),
  },
});

const GENRES = ['novel', 'science-fiction', 'poetry'] as const;

export const BOOKS = Array.from({ length: 12 }, (_, index) => ({
  id: `00000000-0000-4000-8000-0000000000${String(index).padStart(2, '0')}`,
  title: `Book ${index} "quoted" ä€\u2028`,
  authorId: `author-${index % 4}`,
  genre: GENRES[index % 3]!,
  pages: 100 + index,
  sold: 5_000_000_000 + index,
  'sold-abroad': index % 2 === 0 ? null : index,
  price: index + 0.5,
  published: '2026-01-02T03:04:05Z',
  labels: { shelf: `S${index}` },
  parts: [{ name: 'one', parts: [{ name: 'one.one' }] }, { name: 'two' }],
}));

/** What the handlers were asked, in turn. */
export interface Seen {
  readonly calls: { readonly operation: string; readonly input: unknown }[];
  /** Resolves with the reason when `books.slow` is aborted. */
  slowEnded: PromiseWithResolvers<unknown>;
  slowStarted: PromiseWithResolvers<void>;
}

export function newSeen(): Seen {
  return {
    calls: [],
    slowEnded: Promise.withResolvers(),
    slowStarted: Promise.withResolvers(),
  };
}

export function graphqlApplication(seen: Seen = newSeen()) {
  const saw = (operation: string, input: unknown): void => {
    seen.calls.push({ operation, input });
  };
  const author = (id: string) => ({ id, name: `Name of ${id}` });
  return implement(library, {
    books: {
      get: (input) => {
        const { id } = input as { id: string };
        const book = BOOKS.find((one) => one.id === id);
        if (book === undefined) throw library.errors.BookMissing({ id });
        return book as never;
      },
      list: async (input) => {
        const { genre, limit } = input as { genre?: string; limit: number };
        saw('books.list', input);
        await sleep(0);
        const items = BOOKS.filter((book) => genre === undefined || book.genre === genre);
        return { items: items.slice(0, limit) } as never;
      },
      by: (input) => {
        saw('books.by', input);
        return BOOKS.filter(
          (one) => one.authorId === (input as { author: string }).author,
        ) as never;
      },
      old: () => 1,
      pay: (input) => {
        saw('books.pay', input);
        return (input as { payment: never }).payment;
      },
      echo: (input) => input as never,
      shapes: () => [{ radius: 1 }, { width: 2, height: 3 }] as never,
      forget: (_, context) => {
        context.setReplyMetadata('x-forgotten', 'yes');
        return null;
      },
      slow: async (_, context) => {
        const { slowEnded, slowStarted } = seen;
        await new Promise<void>((resolve) => {
          context.signal.addEventListener('abort', () => resolve(), { once: true });
          slowStarted.resolve();
        });
        slowEnded.resolve((context.signal.reason as { code: string }).code);
        throw context.signal.reason;
      },
      count: async function* (input) {
        const { to } = input as { to: number };
        for (let index = 0; index < to; index++) yield index;
        if (to === 13) throw library.errors.BookMissing({ id: '13' });
      },
      upload: async () => 0,
      announce: async (input, context) => {
        await context.emit('books.appeared', input);
        return null;
      },
      secret: () => 'secret',
    },
    authors: {
      get: (input) => {
        saw('authors.get', input);
        return author((input as { id: string }).id);
      },
      getMany: (input) => {
        saw('authors.getMany', input);
        const { ids } = input as { ids: string[] };
        // One is missing, and the others come in another order.
        return ids
          .filter((id) => id !== 'author-3')
          .map(author)
          .reverse();
      },
    },
  });
}
