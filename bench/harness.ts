/**
 * Runs this hub and a peer in turn on one machine, under the same load from a separate process, and
 * reports the ratio of the medians. Rounds alternate, so that a slow minute of the machine hits
 * both.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Contestant {
  readonly name: string;
  /** Script below bench/servers/ that prints `{"port": n}` when it is ready. */
  readonly server: string;
}

export interface Comparison {
  readonly name: string;
  readonly title: string;
  readonly ours: Contestant;
  readonly peer: Contestant;
  /** Least ratio of our figure to the peer's that the project holds itself to. */
  readonly target: number;
  readonly unit: string;
  /** Runs the load against a port and answers the figure; higher is better. */
  readonly load: (port: number, durationMs: number) => number | Promise<number>;
  /** Why it cannot be measured on this machine; undefined where it can. */
  readonly unavailable?: () => string | undefined;
}

export interface Options {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly ours: Figures;
  readonly peer: Figures;
  readonly ratio: number;
  readonly target: number;
}

export interface Figures {
  readonly name: string;
  readonly median: number;
  readonly rounds: readonly number[];
}

export async function compare(comparison: Comparison, options: Options): Promise<Result> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    ours.push(await measure(comparison, comparison.ours, options));
    peer.push(await measure(comparison, comparison.peer, options));
  }
  return {
    name: comparison.name,
    title: comparison.title,
    unit: comparison.unit,
    ours: { name: comparison.ours.name, median: median(ours), rounds: ours },
    peer: { name: comparison.peer.name, median: median(peer), rounds: peer },
    ratio: median(ours) / median(peer),
    target: comparison.target,
  };
}

async function measure(
  comparison: Comparison,
  contestant: Contestant,
  options: Options,
): Promise<number> {
  const server = await startServer(contestant.server);
  try {
    await comparison.load(server.port, options.warmUpMs);
    return await comparison.load(server.port, options.durationMs);
  } finally {
    await stop(server.process);
  }
}

/** Starts a script that prints one JSON line with its port. */
export async function startServer(
  script: string,
): Promise<{ readonly port: number; readonly process: ChildProcess }> {
  const child = spawn(
    process.execPath,
    [new URL(`./servers/${script}`, import.meta.url).pathname],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = JSON.parse(line) as { port: number };
    return { port: ready.port, process: child };
  }
  throw new Error(`bench/servers/${script} ended before it was ready; run it alone to see why.`);
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs a load script below bench/load/ in a process of its own; it prints one JSON line. */
export function runLoad(script: string, parameters: Record<string, unknown>): number {
  const output = execFileSync(
    process.execPath,
    [new URL(`./load/${script}`, import.meta.url).pathname, JSON.stringify(parameters)],
    { encoding: 'utf8', timeout: 120_000 },
  );
  return (JSON.parse(output) as { perSecond: number }).perSecond;
}
