/**
 * `node test/compat/make-log.ts FOLDER`: writes the data folder that a later version has to open.
 * Run once for each format version; what is in `test/fixtures` is never made anew.
 */
import { openLog } from '../../src/log/open-log.ts';
import { fill, NAME, produced, SETTINGS, TRIMMED } from './log-content.ts';

const engine = await openLog({ folder: process.argv[2]! });
const stream = await engine.create(NAME, SETTINGS);
const [first, second] = stream.partitions;
await fill(first!);
await first!.trim(TRIMMED);
for (const sequence of [0, 1, 2]) await second!.append(produced(sequence, false));
await second!.append(produced(0, true));
const marker = { producerId: 78n, producerEpoch: 2, coordinatorEpoch: 1 };
await second!.writeMarker({ ...marker, commit: false });
await second!.append(produced(1, true));
const compacted = await engine.create('compacted', {
  ...SETTINGS,
  subjects: [],
  partitions: 1,
  compact: true,
  expire: false,
});
await fill(compacted.partitions[0]!);
await engine.maintenance.run();
const table = await engine.table('consumer offsets');
await table.set([
  ['a', Buffer.from('1')],
  ['b', Buffer.from('2')],
]);
await table.set([['a', undefined]]);
await engine.create('removed', SETTINGS);
await engine.remove('removed');
await engine.close();
