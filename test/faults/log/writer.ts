/**
 * Writes to a data folder until it is killed: `node writer.ts FOLDER PROGRESS`. Says on standard
 * output, line by line, what it sends (before) and what was answered (after).
 */
import { readFileSync, writeSync } from 'node:fs';
import { openLog } from '../../../src/log/open-log.ts';
import { type Progress, SYNCS } from './plan.ts';
import { Work } from './work.ts';

const [folder, progressFile] = process.argv.slice(2);
const progress = JSON.parse(readFileSync(progressFile!, 'utf8')) as Progress;
const engine = await openLog({ folder: folder!, maintenanceMs: 30, syncIntervalMs: 20 });
const work = new Work(engine, progress, (what, ...words) => {
  writeSync(1, `${[what, ...words].join(' ')}\n`);
});
await work.start(SYNCS);
