import net from 'node:net';

const READ_BYTES = 65_536;

/** One for the process: a read is over before the next begins. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

interface WithHandle {
  _handle: object | null;
  _server: net.Server | null;
  server: net.Server | null;
}

/**
 * The accepted socket, made to read into one preallocated buffer. Node offers `onread` for
 * sockets that are made, not for ones that are accepted: so the handle moves to a new socket.
 * Where this Node keeps its handles elsewhere, undefined: the socket stays as it is.
 */
export function withOwnReads(
  accepted: net.Socket,
  received: (bytes: Buffer) => void,
): net.Socket | undefined {
  const old = accepted as unknown as WithHandle;
  const handle = old._handle;
  if (handle === undefined || handle === null || !('_server' in old)) return undefined;
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: shared,
      callback(byteCount: number): boolean {
        received(shared.subarray(0, byteCount));
        return true;
      },
    },
  };
  old._handle = null;
  const socket = new net.Socket(options as net.SocketConstructorOpts);
  // The server counts its sockets by these when they close.
  const made = socket as unknown as WithHandle;
  made._server = old._server;
  made.server = old.server;
  old._server = null;
  old.server = null;
  return socket;
}
