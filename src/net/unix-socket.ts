import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';

/**
 * Makes the path free for a Unix socket: removes the socket file of an owner that is gone.
 * @throws Error when a living process listens there, or something that is no socket is there
 */
export async function freeSocketPath(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new Error(`${path} exists and is no socket; choose another path for listen.unix.`);
  }
  if (await isAlive(path)) {
    throw new Error(`Another process listens on ${path}; stop it or choose another path.`);
  }
  unlinkSync(path);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    const answer = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(1_000, () => answer(true));
    socket.once('connect', () => answer(true));
    // Full or not ours to open means that somebody is there.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      answer(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

/** Listens so that only the owner may connect, from the first moment on. */
export function listenUnix(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        chmodSync(path, 0o600);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}
