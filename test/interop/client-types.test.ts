import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, createClient, type DeclaredFault } from '#polywire/client';
import type { Move, Parcel, parcels } from '../../examples/parcels/contract.ts';

/** Compiles only when both types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

type Parcels = Client<typeof parcels>;

// Never called: the compiler is the test, and `@ts-expect-error` fails where there is no error.
export async function types(client: Parcels, thrown: unknown): Promise<void> {
  same<Awaited<ReturnType<Parcels['parcels']['get']>>, Parcel>(true);
  same<ReturnType<Parcels['parcels']['watch']>, AsyncIterable<Move>>(true);
  for await (const move of client.parcels.watch({ id: 'x' })) same<typeof move, Move>(true);

  await client.parcels.list();
  await client.parcels.list({ status: 'loaded', limit: 5 });
  await client.parcels.count();
  await client.parcels.count({}, { timeoutMs: 5 });
  await client.parcels.scanBatch([{ id: 'x', to: 'loaded', place: 'van' }]);
  await client.call('parcels.get')({ id: 'x' });

  // @ts-expect-error a member is missing
  await client.parcels.get({});
  // @ts-expect-error no input, though one is needed
  await client.parcels.get();
  // @ts-expect-error not one of the statuses
  await client.parcels.list({ status: 'lost' });
  // @ts-expect-error one value where a stream is needed
  await client.parcels.scanBatch({ id: 'x', to: 'loaded', place: 'van' });
  // @ts-expect-error there is no such operation
  await client.parcels.lose({ id: 'x' });
  // @ts-expect-error there is no such operation
  client.call('parcels.lose');
  // @ts-expect-error an answer that is one value cannot be iterated
  for await (const _ of client.parcels.get({ id: 'x' })) break;
  // @ts-expect-error an option that does not exist
  await client.parcels.count({}, { retries: 3 });

  if (client.isError(thrown, 'IllegalMove')) {
    same<typeof thrown.data.allowed, Parcel['status'][]>(true);
    same<typeof thrown.error, 'IllegalMove'>(true);
  }
  same<DeclaredFault<typeof parcels, 'ParcelNotFound'>['data'], { id: string }>(true);
  // @ts-expect-error the contract declares no such error
  client.isError(thrown, 'ParcelLost');

  for await (const { payload } of client.events.subscribe('parcels.moved')) {
    same<typeof payload, Move>(true);
  }
  // @ts-expect-error there is no such event
  client.events.subscribe('parcels.lost');
  // @ts-expect-error not the event's payload
  await client.events.publish('parcels.delivered', { id: 'x' });
}

test('a client is no promise, and its members can be taken off', async () => {
  const client = createClient<typeof parcels>({ url: 'http://127.0.0.1:9' });
  assert.equal(await client, client);
  const { get } = client.parcels;
  assert.equal(typeof get, 'function');
  assert.equal(client.parcels.get, get);
  await client.close();
});

test('an address that is none is refused at once', () => {
  assert.throws(() => createClient<typeof parcels>({ url: 'nowhere' }), TypeError);
  assert.throws(
    () => createClient<typeof parcels>({ url: 'ftp://127.0.0.1' }),
    /http:, https:, ws: or wss:/,
  );
});
