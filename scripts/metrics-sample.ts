/**
 * Prints /metrics of the hub at an address; without one, of a hub that serves the example and has
 * answered a little.
 */
import parcels from '../examples/parcels/app.ts';
import { startHub } from '../src/testing/index.ts';

const [address] = process.argv.slice(2);
if (address !== undefined) {
  process.stdout.write(await (await fetch(new URL('/metrics', address))).text());
} else {
  await using hub = await startHub(parcels);
  await (await fetch(`${hub.url}/parcels/none`)).text();
  process.stdout.write(await (await fetch(`${hub.url}/metrics`)).text());
}
