import net from 'node:net';

interface BoundHandle {
  close(): void;
}

/** Binds without listening, as node:cluster does for its workers; no documented way does that. */
type CreateHandle = (
  address: string,
  port: number,
  addressType: 4 | 6,
  fd: number,
  flags: number,
) => BoundHandle | number;

const PORT_ANY = 0;

/**
 * Holds a bound TCP socket that other processes listen on, one after the other: between them,
 * clients wait in its queue and are not refused. Where Node.js offers no such handle, there is
 * none, and each process binds for itself.
 */
export class SocketHolder {
  #key = '';
  #handle: BoundHandle | undefined;

  /** The handle to pass on; undefined where the process shall bind for itself. */
  take(host: string, port: number): net.Socket | undefined {
    const key = `${host}:${port}`;
    if (key !== this.#key) {
      this.close();
      this.#key = key;
      this.#handle = bind(host, port);
    }
    // The types know only sockets and servers; a bare handle is sent as it is.
    return this.#handle as unknown as net.Socket | undefined;
  }

  close(): void {
    this.#handle?.close();
    this.#handle = undefined;
    this.#key = '';
  }
}

function bind(host: string, port: number): BoundHandle | undefined {
  const create = (net as unknown as { _createServerHandle?: CreateHandle })._createServerHandle;
  // A name may stand for several addresses: binding one of them here would lose the others.
  const version = net.isIP(host);
  if (create === undefined || version === 0) return undefined;
  const handle = create(host, port, version as 4 | 6, -1, PORT_ANY);
  // An error number: the process that serves meets the same error and explains it.
  return typeof handle === 'number' ? undefined : handle;
}
