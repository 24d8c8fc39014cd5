import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectLog } from '../log/inspect.ts';
import { sizeText } from './amounts.ts';
import { type Check, nearestFolder } from './machine-checks.ts';

/** Below the data folder: what the embedded engine keeps. */
const LOG_FOLDER = 'log';
/** Room for a few segments. */
const FEW_BYTES = 1e9;
/** Less than one. */
const TOO_FEW_BYTES = 150e6;

/** Streams on disk: is there room, may the folder be opened, can its format be read? */
export async function checkStorage(data: string): Promise<Check[]> {
  return [await checkSpace(data), await checkLog(join(data, LOG_FOLDER))];
}

/** @param free bytes that this user may still write */
export async function checkSpace(folder: string, free?: number): Promise<Check> {
  const name = 'disk space';
  const bytes = free ?? (await freeBytes(folder));
  const message = `${sizeText(bytes)} free for ${folder}`;
  if (bytes >= FEW_BYTES) return { name, state: 'ok', message };
  const state = bytes < TOO_FEW_BYTES ? 'fail' : 'warn';
  return {
    name,
    state,
    message,
    advice:
      'Make room, shorten the retention of large streams, or choose another folder with --data.',
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearestFolder(folder));
  return bavail * bsize;
}

export async function checkLog(folder: string): Promise<Check> {
  const name = 'streams';
  const { refusal, fresh, streams } = await inspectLog(folder);
  if (refusal !== undefined) return { name, state: 'fail', message: refusal.message };
  const message = fresh ? `${folder} will be made` : `${streams} in ${folder}`;
  return { name, state: 'ok', message };
}
