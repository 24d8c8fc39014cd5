import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** Who listens on a TCP port of this machine: `node orders.mjs (pid 4711)`; undefined where the operating
 * system does not tell (other users' processes, systems other than Linux). */
export async function portHolder(port: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const inodes = await listeningInodes(port);
  if (inodes.size === 0) return undefined;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    if (await holdsSocket(pid, inodes)) {
      return `${await nameOf(pid)} (pid ${pid})`;
    }
  }
  return undefined;
}

/** The program and what it runs, `node polywire.mjs`; not what follows, which may hold secrets. */
async function nameOf(pid: string): Promise<string> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [program = '', script = ''] = words.split('\0');
  if (program === '') return 'process';
  const runs = script === '' || script.startsWith('-') ? '' : ` ${basename(script)}`;
  return `${basename(program)}${runs}`;
}

const LISTEN = '0A';

/** Socket inodes from /proc/net/tcp (proc(5)): local address, state and inode are columns 1, 3, 9. */
async function listeningInodes(port: number): Promise<Set<string>> {
  const inodes = new Set<string>();
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(wanted) && columns[3] === LISTEN && columns[9] !== undefined) {
        inodes.add(columns[9]);
      }
    }
  }
  return inodes;
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  // A process that ends meanwhile, or belongs to somebody else, cannot be looked into.
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const link = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}
