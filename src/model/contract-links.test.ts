import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract, query, service, stream } from '../index.ts';
import { parseContract } from './contract-form.ts';
import { diffContracts } from './diff/contract-diff.ts';

const object = (...names: string[]) =>
  ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: names,
  }) as never;

const LINK = { type: 'Scan', name: 'parcel', operation: 'parcels.get', input: { id: 'parcelId' } };
const BATCH = { operation: 'parcels.getMany', member: 'id', list: 'ids', key: 'id' };

function make(link: object = LINK, batch: object = BATCH) {
  return contract({
    name: 'links',
    version: '1.0.0',
    types: { Scan: object('parcelId', 'place'), Parcel: object('id') },
    links: [link as typeof LINK],
    services: {
      parcels: service({
        operations: {
          get: query({ input: object('id'), output: object('id'), batch: batch as typeof BATCH }),
          getMany: query({
            input: {
              type: 'object',
              properties: {
                ids: { type: 'array', items: { type: 'string' } },
                id: { type: 'string' },
              },
            } as never,
            output: { type: 'array', items: { $ref: '#/$defs/Parcel' } } as never,
          }),
          all: query({ output: stream(object('id')) }),
        },
      }),
    },
  }).contract;
}

test('links and batches stand in the neutral form and are read from it again', () => {
  const made = make();
  assert.deepEqual(made.links, [LINK]);
  assert.deepEqual(made.services[0]?.operations[0]?.batch, BATCH);
  assert.deepEqual(parseContract(JSON.parse(JSON.stringify(made))), made);
});

test('a link or batch that cannot be followed is refused with the place and the reason', () => {
  const cases: [object, object, RegExp][] = [
    [{ ...LINK, type: 'Nothing' }, BATCH, /link Nothing\.parcel: "Nothing" is no type/],
    [{ ...LINK, name: 'place' }, BATCH, /the type has a member of this name/],
    [{ ...LINK, name: 'Parcel' }, BATCH, /must be lower camel case/],
    [{ ...LINK, operation: 'parcels.none' }, BATCH, /"parcels.none" is no operation/],
    [{ ...LINK, operation: 'parcels.all', input: {} }, BATCH, /must be a query without streams/],
    [{ ...LINK, input: {} }, BATCH, /needs "id", which the link does not give/],
    [
      { ...LINK, input: { id: 'none' } },
      BATCH,
      /"none" is no member of type Scan \(parcelId, place\)/,
    ],
    [{ ...LINK, input: { id: 'place', more: 'place' } }, BATCH, /"more" is no member of the input/],
    [LINK, { ...BATCH, member: 'none' }, /batch: "none" is no member of the input of parcels.get/],
    [LINK, { ...BATCH, list: 'id' }, /"id" of parcels.getMany must be an array/],
    [LINK, { ...BATCH, key: 'none' }, /"none" is no member of the answers/],
    [LINK, { ...BATCH, operation: 'parcels.get' }, /parcels.get must answer an array/],
    [LINK, { ...BATCH, extra: 1 }, /extra/],
  ];
  for (const [link, batch, message] of cases) {
    assert.throws(() => parseContract(JSON.parse(JSON.stringify(make(link, batch)))), message);
  }
});

test('the diff tells of links and batches', () => {
  const before = make();
  const changed = { ...before, links: [{ ...LINK, input: { id: 'place' } }] };
  const kinds = (a: typeof before, b: typeof before) => diffContracts(a, b).map(({ kind }) => kind);
  assert.deepEqual(kinds(before, { ...before, links: [] }), ['linkRemoved']);
  assert.deepEqual(kinds({ ...before, links: [] }, before), ['linkAdded']);
  assert.deepEqual(kinds(before, changed), ['linkChanged']);
  assert.deepEqual(
    kinds(before, make(LINK, { ...BATCH, list: 'ids', key: 'id', member: 'id' })),
    [],
  );
});
