/**
 * Appends to the embedded engine as producers do, each with so many batches under way:
 *
 *     node append.ts FOLDER always|interval|never PRODUCERS IN_FLIGHT RECORDS BYTES SECONDS batches|records
 *
 * Prints JSON.
 */
import { BatchBuilder } from '../../src/formats/records/batch-builder.ts';
import type { StreamRecord, SyncMode } from '../../src/hub/engine.ts';
import { openLog } from '../../src/log/open-log.ts';
import { STREAM_DEFAULTS } from '../../src/log/settings.ts';

const [folder, sync, producers, inFlight, records, bytes, seconds, kind] = process.argv.slice(2);
const count = Number(records);
const engine = await openLog({ folder: folder! });
const stream = await engine.create('bench', {
  ...STREAM_DEFAULTS,
  sync: sync as SyncMode,
  segmentBytes: 1024 * 1024 * 1024,
  retentionBytes: 1024 * 1024 * 1024,
});
const partition = stream.partitions[0]!;
const value = Buffer.alloc(Number(bytes), 'x');
const list: StreamRecord[] = Array.from({ length: count }, () => ({
  key: null,
  value,
  headers: [],
  timeMs: Date.now(),
}));
const builder = new BatchBuilder();
builder.start();
for (const record of list) builder.add(record.timeMs, record.key, record.value);
const batch = Buffer.from(builder.finish());

let batches = 0;
let commits = 0;
partition.watch({
  committed: () => {
    commits++;
  },
  ended: () => undefined,
});
let stopped = false;
const times: number[] = [];

async function produce(): Promise<void> {
  while (!stopped) {
    const start = performance.now();
    if (kind === 'records') await partition.write(list);
    else {
      // As it comes from a socket: bytes of its own.
      const own = Buffer.allocUnsafeSlow(batch.length);
      batch.copy(own);
      await partition.append(own);
    }
    times.push(performance.now() - start);
    batches++;
  }
}

async function run(ms: number): Promise<number> {
  stopped = false;
  batches = 0;
  commits = 0;
  times.length = 0;
  const start = performance.now();
  const done = Promise.all(Array.from({ length: Number(producers) * Number(inFlight) }, produce));
  setTimeout(() => {
    stopped = true;
  }, ms);
  await done;
  return (performance.now() - start) / 1000;
}

await run(Number(seconds) * 300);
const took = await run(Number(seconds) * 1000);
times.sort((one, other) => one - other);
const at = (part: number) => times[Math.floor(times.length * part)]!;
await engine.close();
console.log(
  JSON.stringify({
    batchesPerSecond: batches / took,
    recordsPerSecond: (batches * count) / took,
    bytesPerSecond: (batches * batch.length) / took,
    batchBytes: batch.length,
    bytesPerCommit: (batches * batch.length) / commits,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }),
);
