import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { median, stop } from './harness.ts';
import { residentMegabytes } from './resident.ts';

export interface ColdStart {
  readonly rounds: number;
  /** From starting the process to the end of the first answered call. */
  readonly firstAnswerMs: number;
  /** Resident memory two seconds later. */
  readonly idleMegabytes: number;
  readonly all: readonly { readonly firstAnswerMs: number; readonly idleMegabytes: number }[];
}

export async function measureColdStart(rounds: number): Promise<ColdStart> {
  const all = [];
  for (let round = 0; round < rounds; round++) all.push(await once());
  return {
    rounds,
    firstAnswerMs: median(all.map(({ firstAnswerMs }) => firstAnswerMs)),
    idleMegabytes: median(all.map(({ idleMegabytes }) => idleMegabytes)),
    all,
  };
}

async function once(): Promise<{ firstAnswerMs: number; idleMegabytes: number }> {
  const data = mkdtempSync(join(tmpdir(), 'polywire-bench-'));
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    ['scripts/polywire.mjs', 'up', 'examples/parcels', '--port', '0', '--data', data, '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { url } = JSON.parse(line) as { url: string };
      const answer = await fetch(`${url}/parcels`);
      if (!answer.ok) throw new Error(`GET /parcels answered ${answer.status}`);
      await answer.text();
      const firstAnswerMs = performance.now() - startedMs;
      await wait(2_000);
      return { firstAnswerMs, idleMegabytes: residentMegabytes(child.pid!) };
    }
    throw new Error('polywire up ended before it was ready.');
  } finally {
    await stop(child);
    rmSync(data, { recursive: true, force: true });
  }
}
