/**
 * Polywire as a Kafka broker on loopback, its data in a temporary folder. As a program it runs until
 * it is interrupted: `node test/kafka-clients/polywire.ts [PORT]`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import type { Broker, BrokerOptions } from './broker.ts';

const MAIN = fileURLToPath(new URL('../../scripts/polywire.mjs', import.meta.url));

/** Settings are sections of polywire.yaml. With users a second process asks for credentials. */
export async function startPolywire(options: BrokerOptions = {}): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), 'polywire-kafka-'));
  const children: ChildProcess[] = [];
  const start = async (name: string, port: number, auth: object): Promise<number> => {
    const configuration = join(folder, `${name}.yaml`);
    const listen = { port };
    const data = join(folder, name);
    writeFileSync(configuration, stringify({ listen, data, ...auth, ...options.settings }));
    const log = join(folder, `${name}.log`);
    const child = spawn(process.execPath, [MAIN, 'up', '--config', configuration, '--json'], {
      stdio: ['ignore', 'pipe', openSync(log, 'w')],
    });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout! })) {
      // What it prints later has nobody to read it.
      child.stdout?.resume();
      return Number(new URL((JSON.parse(line) as { url: string }).url).port);
    }
    throw new Error(`Polywire did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(ended));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const startedMs = performance.now();
    const port = await start('open', options.port ?? 0, {});
    const saslPort = options.users === undefined ? 0 : await start('secured', 0, auth(options));
    const pid = children[0]!.pid!;
    return { name: 'polywire', port, saslPort, pid, startedMs, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function auth({ users = [] }: BrokerOptions): object {
  return {
    auth: { users: users.map(({ name, password }) => ({ user: name, password })) },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const broker = await startPolywire({ port: Number(process.argv[2] ?? 0) });
  console.log(JSON.stringify({ port: broker.port, pid: broker.pid, folder: broker.folder }));
  await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  await broker.stop();
}
