import type net from 'node:net';
import type { HubAddress } from '../hub/protocol.ts';

/** Listens on an address, or on the socket that a descriptor stands for.
 * @throws Error that says what to do where the port is in use */
export function listenTcp(
  server: net.Server,
  host: string,
  port: number,
  fd: number | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? Object.assign(
              new Error(
                `Port ${port} on ${host} is in use. Stop the process that has it, or choose another port (listen.port, --port; listen.also, listen.standardPorts).`,
              ),
              { code: error.code },
            )
          : error,
      );
    };
    server.once('error', failed);
    server.listen({ ...(fd === undefined ? { host, port } : { fd }), backlog: 1_024 }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/** The address as people use it. */
export function hubAddress(
  host: string,
  port: number,
  unix: string | undefined,
  secure: boolean,
): HubAddress {
  const reachable = host === '0.0.0.0' || host === '' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const name = reachable.includes(':') && !reachable.startsWith('[') ? `[${reachable}]` : reachable;
  return { url: `${secure ? 'https' : 'http'}://${name}:${port}`, host, port, unix };
}
