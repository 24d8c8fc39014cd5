import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { portHolder } from './port-holder.ts';

export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
}

const OLDEST_NODE = 24;

export function checkNode(version: string = process.versions.node): Check {
  return Number(version.split('.')[0]) >= OLDEST_NODE
    ? { name: 'Node.js', state: 'ok', message: version }
    : {
        name: 'Node.js',
        state: 'fail',
        message: `${version}, expected ${OLDEST_NODE} or newer`,
        advice: `Install Node.js ${OLDEST_NODE}, or run polywire through npm in a project that has the "node" package.`,
      };
}

export async function checkPort(host: string, port: number): Promise<Check> {
  const name = `port ${port}`;
  const error = await tryToListen(host, port);
  if (error === undefined) return { name, state: 'ok', message: `free on ${host}` };
  if (error.code === 'EADDRINUSE') {
    const holder = await portHolder(port);
    return {
      name,
      state: 'fail',
      message: `in use on ${host}${holder === undefined ? '' : ` by ${holder}`}`,
      advice: 'Stop what listens there, or choose another port: polywire up --port 0.',
    };
  }
  return {
    name,
    state: 'fail',
    message: `${host}:${port} cannot be bound: ${error.message}`,
    advice: 'Choose another address with --host, or another port with --port.',
  };
}

async function tryToListen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer();
  try {
    await listen(server, host, port);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    server.close();
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
}

const LOOPBACK_TIMEOUT_MS = 3_000;

/** A connection to ourselves: container networks and firewalls sometimes forbid even that. */
export async function checkLoopback(): Promise<Check> {
  const name = 'loopback';
  const server = createServer((socket) => socket.end('x'));
  try {
    await listen(server, '127.0.0.1', 0);
    const { port } = server.address() as { port: number };
    await new Promise<void>((resolve, reject) => {
      const socket = createConnection({ host: '127.0.0.1', port, timeout: LOOPBACK_TIMEOUT_MS });
      socket.once('data', () => {
        socket.destroy();
        resolve();
      });
      socket.once('timeout', () => socket.destroy(new Error('no answer')));
      socket.once('error', reject);
    });
    return { name, state: 'ok', message: '127.0.0.1 can be reached' };
  } catch (error) {
    return {
      name,
      state: 'fail',
      message: `127.0.0.1 cannot be reached: ${(error as Error).message}`,
      advice: 'Look at the firewall and at the network settings of the container.',
    };
  } finally {
    server.close();
  }
}

/** The folder, or the nearest folder above it that exists, can be written. */
export async function checkDataFolder(folder: string): Promise<Check> {
  const name = 'data folder';
  const existing = await nearestFolder(folder);
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    const probe = await mkdtemp(join(existing, '.polywire-doctor-'));
    await rmdir(probe);
  } catch (error) {
    return {
      name,
      state: 'fail',
      message: `${folder} cannot be written: ${(error as Error).message}`,
      advice: 'Give this user the right to write there, or choose another folder with --data.',
    };
  }
  if (existing !== folder) return { name, state: 'ok', message: `${folder} will be made` };
  const mode = (await stat(folder)).mode & 0o777;
  return (mode & 0o077) === 0
    ? { name, state: 'ok', message: folder }
    : {
        name,
        state: 'warn',
        message: `${folder} may be read by other users (mode ${mode.toString(8)})`,
        advice: `chmod 700 ${folder}`,
      };
}

export async function nearestFolder(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      if ((await stat(path)).isDirectory()) return path;
    } catch {
      // Not there: the folder above decides whether it can be made.
    }
    if (dirname(path) === path) return path;
  }
}

/** Makes the folder for state, for its owner alone. */
export async function makeDataFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

const SPARE_FILES = 200;

export function checkFileLimit(connections: number, limit = openFileLimit()): Check {
  const name = 'open files';
  if (limit === undefined) return { name, state: 'ok', message: 'no limit is known' };
  const needed = connections + SPARE_FILES;
  return limit >= needed
    ? { name, state: 'ok', message: `${limit} allowed` }
    : {
        name,
        state: 'warn',
        message: `${limit} allowed, but limits.connections is ${connections}`,
        advice: `Raise the limit (ulimit -n ${needed}), or lower limits.connections.`,
      };
}

function openFileLimit(): number | undefined {
  const report = process.report?.getReport() as
    | { userLimits?: { open_files?: { soft?: unknown } } }
    | undefined;
  const soft = Number(report?.userLimits?.open_files?.soft);
  return Number.isFinite(soft) ? soft : undefined;
}

/** When this was written: a clock before it is wrong, and certificates and tokens will fail. */
const EARLIEST_MS = Date.UTC(2025, 0, 1);

export function checkClock(nowMs: number = Date.now()): Check {
  const shown = new Date(nowMs).toISOString();
  return nowMs >= EARLIEST_MS
    ? { name: 'clock', state: 'ok', message: shown }
    : {
        name: 'clock',
        state: 'fail',
        message: `${shown} lies in the past`,
        advice: 'Set the clock: certificates and tokens are judged by it.',
      };
}
