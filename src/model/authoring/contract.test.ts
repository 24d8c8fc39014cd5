import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import type {
  EventPayload,
  OperationError,
  OperationInput,
  OperationName,
  OperationOutput,
  StreamsInput,
  StreamsOutput,
} from '../../index.ts';
import {
  command,
  contract,
  error,
  event,
  Fault,
  implement,
  query,
  service,
  stream,
} from '../../index.ts';

const Position = z
  .object({ id: z.string(), place: z.string(), count: z.number().default(1) })
  .meta({ id: 'Position' });
const Parcel = z.object({ id: z.string(), last: Position.optional() }).meta({ id: 'Parcel' });

const parcels = contract({
  name: 'parcels',
  version: '1.0.0',
  errors: {
    ParcelNotFound: error({
      code: 'NOT_FOUND',
      message: 'No such parcel.',
      data: z.object({ id: z.string() }),
    }),
    Closed: error({ code: 'UNAVAILABLE' }),
  },
  services: {
    parcels: service({
      operations: {
        get: query({
          input: z.object({ id: z.string().min(1) }),
          output: Parcel,
          errors: ['ParcelNotFound'],
          http: { method: 'GET', path: '/parcels/{id}' },
          scopes: ['parcels:read'],
          examples: [{ name: 'one', input: { id: 'a' }, output: { id: 'a' } }],
        }),
        move: command({ input: Position, errors: ['ParcelNotFound', 'Closed'] }),
        watch: query({
          input: {
            type: 'object',
            properties: { id: { type: 'string' }, limit: { type: 'integer', default: 5 } },
            required: ['id'],
          },
          output: stream(Position),
        }),
        scan: command({ input: stream(Position), output: { type: 'integer' } }),
        ping: query({}),
      },
      events: {
        moved: event({ subject: 'parcels.moved.{id}', key: 'id', payload: Position }),
      },
    }),
  },
});
type C = typeof parcels;

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;
type P = { id: string; place: string; count: number };

export type Checks = [
  Expect<
    Equal<
      OperationName<C>,
      'parcels.get' | 'parcels.move' | 'parcels.watch' | 'parcels.scan' | 'parcels.ping'
    >
  >,
  Expect<Equal<OperationInput<C, 'parcels.get'>, { id: string }>>,
  Expect<Equal<OperationOutput<C, 'parcels.get'>, { id: string; last?: P | undefined }>>,
  Expect<
    Equal<
      OperationInput<C, 'parcels.move'>,
      { id: string; place: string; count?: number | undefined }
    >
  >,
  Expect<Equal<OperationOutput<C, 'parcels.move'>, null>>,
  Expect<Equal<OperationInput<C, 'parcels.watch'>, { limit?: number; id: string }>>,
  Expect<Equal<OperationOutput<C, 'parcels.watch'>, P>>,
  Expect<Equal<StreamsOutput<C, 'parcels.watch'>, true>>,
  Expect<Equal<StreamsInput<C, 'parcels.watch'>, false>>,
  Expect<Equal<StreamsInput<C, 'parcels.scan'>, true>>,
  Expect<Equal<OperationOutput<C, 'parcels.scan'>, number>>,
  Expect<Equal<EventPayload<C, 'parcels.moved'>, P>>,
  Expect<
    Equal<
      OperationError<C, 'parcels.move'>,
      | { readonly error: 'ParcelNotFound'; readonly data: { id: string } }
      | { readonly error: 'Closed'; readonly data: undefined }
    >
  >,
];

const application = implement(parcels, {
  parcels: {
    get: async ({ id }) => {
      if (id !== 'a') throw parcels.errors.ParcelNotFound({ id });
      return { id };
    },
    move: async (input, context) => {
      await context.emit('parcels.moved', input);
      // @ts-expect-error an event that the contract has not
      if (input.count < 0) await context.emit('parcels.lost', input);
      if (input.count > 5) throw parcels.errors.Closed();
    },
    watch: async function* ({ id, limit }) {
      yield { id, place: 'x', count: limit ?? 0 };
    },
    scan: async (items) => {
      let sum = 0;
      for await (const item of items) sum += item.count;
      return sum;
    },
    ping: () => {},
  },
});

test('a contract written with zod and plain JSON Schema has a neutral form', () => {
  const [svc] = parcels.contract.services;
  assert.deepEqual(Object.keys(parcels.contract.$defs), ['Parcel', 'Position', 'PositionInput']);
  const [get, move, watch, scan, ping] = svc!.operations;
  assert.deepEqual(get!.output, { schema: { $ref: '#/$defs/Parcel' }, stream: false });
  assert.deepEqual(move!.input, { schema: { $ref: '#/$defs/PositionInput' }, stream: false });
  assert.deepEqual(watch!.output, { schema: { $ref: '#/$defs/Position' }, stream: true });
  assert.equal(scan!.input.stream, true);
  assert.deepEqual(ping!.output.schema, { type: 'null' });
  assert.deepEqual(JSON.parse(JSON.stringify(parcels.contract)), parcels.contract);
  assert.deepEqual((parcels.contract.$defs.Position as { required: unknown }).required, [
    'id',
    'place',
    'count',
  ]);
  assert.deepEqual((parcels.contract.$defs.PositionInput as { required: unknown }).required, [
    'id',
    'place',
  ]);
});

test('an implementation has a handler for every operation and a parser for every library schema', () => {
  assert.deepEqual([...application.handlers.keys()].sort(), [
    'parcels.get',
    'parcels.move',
    'parcels.ping',
    'parcels.scan',
    'parcels.watch',
  ]);
  assert.deepEqual(
    [...application.parsers.keys()],
    ['parcels.get', 'parcels.move', 'parcels.scan'],
  );
  assert.equal(application.handlers.get('parcels.ping')!({} as never, {} as never), null);
  assert.deepEqual(application.parsers.get('parcels.move')!({ id: 'a', place: 'b' }), {
    id: 'a',
    place: 'b',
    count: 1,
  });
  assert.throws(
    () => application.parsers.get('parcels.get')!({ id: '' }),
    (fault) => fault instanceof Fault && fault.violations?.[0]?.path === '/id',
  );
});

test('a declared error carries its name, code, text and data', () => {
  const fault = parcels.errors.ParcelNotFound({ id: 'q' });
  assert.deepEqual(fault.toJSON(), {
    code: 'NOT_FOUND',
    message: 'No such parcel.',
    error: 'ParcelNotFound',
    data: { id: 'q' },
  });
});

test('an error that the contract does not declare is refused by types and at run time', () => {
  assert.throws(
    () =>
      contract({
        name: 'a',
        version: '1.0.0',
        errors: { Known: error({ code: 'ABORTED' }) },
        services: {
          // @ts-expect-error Unknown is not declared
          one: service({ operations: { go: command({ errors: ['Unknown'] }) } }),
        },
      }),
    /operation one\.go: the error "Unknown" is not declared in the contract's errors \(Known\)/,
  );
});

test('what JSON Schema cannot say is refused with its place and a way out', () => {
  assert.throws(
    () =>
      contract({
        name: 'a',
        version: '1.0.0',
        services: {
          one: service({
            operations: { go: command({ input: z.object({ a: z.object({ when: z.date() }) }) }) },
          }),
        },
      }),
    /operation one\.go, input: Date cannot be represented in JSON Schema at a\/when: use a string of format date-time/,
  );
});
