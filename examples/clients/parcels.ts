/**
 * The typed client, over HTTP or a WebSocket:
 *
 *     node examples/clients/parcels.ts http://127.0.0.1:7070
 *     node examples/clients/parcels.ts http://127.0.0.1:7070 websocket
 */
import { parseArgs } from 'node:util';
import { createClient } from '#polywire/client';
import type { parcels } from '../parcels/contract.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const [url = 'http://127.0.0.1:7070', over = 'http'] = positionals;

// Only the type of the contract: nothing of it is loaded here.
await using client = createClient<typeof parcels>({
  url,
  over: over === 'websocket' ? 'websocket' : 'http',
  timeoutMs: 10_000,
});

const parcel = await client.parcels.register({
  recipient: { name: 'Ada Muster', street: 'Marktgasse 1', city: 'Bern', country: 'CH' },
  weightGrams: 1200,
});
const { id } = parcel;
console.log(`registered ${id} for ${parcel.recipient.city}`);

// A client stream: the scans of a round, with one that breaks the rules.
const summary = await client.parcels.scanBatch([
  { id, to: 'collected', place: 'van 7' },
  { id, to: 'delivered', place: 'Marktgasse 1' },
  { id, to: 'arrived', place: 'depot Bern' },
]);
console.log(`accepted ${summary.accepted}, rejected ${summary.rejected}:`);
for (const { index, error, reason } of summary.rejections) {
  console.log(`  scan ${index}: ${error} - ${reason}`);
}

// A declared error comes back with its name and its typed data.
try {
  await client.parcels.move({ id, to: 'delivered', place: 'Marktgasse 1' });
} catch (thrown) {
  if (!client.isError(thrown, 'IllegalMove')) throw thrown;
  console.log(`a parcel that ${thrown.data.from} can be ${thrown.data.allowed.join(' or ')} next`);
}

// A dialogue: each scan is answered before the next is sent.
async function* scans() {
  yield { id, to: 'loaded', place: 'van 7' } as const;
  yield { id, to: 'delivered', place: 'Marktgasse 1' } as const;
}
for await (const { action } of client.parcels.sort(scans())) console.log(`scanner: ${action}`);

// A server stream; it ends because the parcel is delivered.
for await (const move of client.parcels.watch({ id })) {
  console.log(`${move.from} -> ${move.to} (${move.place})`);
}
