import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Broker } from './broker.ts';
import type { Outcomes } from './differences.ts';

/** Runs a client's program to its end and reads a JSON line for each scenario. */
export async function runClient(
  command: readonly string[],
  broker: Pick<Broker, 'port' | 'saslPort'>,
  prefix: string,
  scenarios: readonly string[],
): Promise<Outcomes> {
  const [program = '', ...first] = command;
  const child = spawn(
    program,
    [...first, `127.0.0.1:${broker.port}`, `127.0.0.1:${broker.saslPort}`, prefix, ...scenarios],
    { stdio: ['ignore', 'pipe', process.env.SHOW_ERRORS === undefined ? 'ignore' : 'inherit'] },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), 240_000);
  const closed = once(child, 'close');
  const outcomes = new Map<string, unknown>();
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const { scenario, outcome } = JSON.parse(line) as { scenario: string; outcome: unknown };
    outcomes.set(scenario, outcome);
  }
  const [code, signal] = (await closed) as [number | null, string | null];
  clearTimeout(timer);
  if (code !== 0) outcomes.set('the program', `ended with ${signal ?? code}`);
  return outcomes;
}
