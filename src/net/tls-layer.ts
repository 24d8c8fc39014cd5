import { readFileSync, statSync } from 'node:fs';
import type net from 'node:net';
import tls from 'node:tls';
import type { NetLogger } from './logger.ts';
import type { NetOptions } from './options.ts';

const WATCH_INTERVAL_MS = 2_000;

/** Ends TLS on connections that were accepted elsewhere; its files are read again on change. */
export class TlsLayer {
  readonly #options: NetOptions['tls'];
  readonly #logger: NetLogger;
  readonly #server: tls.Server;
  readonly #files: readonly string[];
  readonly #watch: NodeJS.Timeout;
  /** What the files looked like just before they were read. */
  #seen: string;

  /**
   * @param secured gets each connection whose handshake is done
   * @param failed a handshake failed or took too long; the connection is closed
   * @throws Error when the files cannot be read or do not fit each other
   */
  constructor(
    options: NetOptions['tls'],
    handshakeTimeMs: number,
    logger: NetLogger,
    secured: (socket: tls.TLSSocket) => void,
    failed: (error: Error) => void,
    watchIntervalMs = WATCH_INTERVAL_MS,
  ) {
    const { cert, key, ca } = options;
    if (cert === undefined || key === undefined) {
      throw new Error('TLS needs both tls.cert and tls.key.');
    }
    this.#options = options;
    this.#logger = logger;
    this.#files = [cert, key, ...(ca === undefined ? [] : [ca])];
    this.#seen = this.#look();
    this.#server = tls.createServer(
      {
        ...this.#read(),
        requestCert: ca !== undefined,
        rejectUnauthorized: ca !== undefined && options.requireClientCertificate,
        handshakeTimeout: handshakeTimeMs,
        allowHalfOpen: true,
        ALPNCallback: ({ protocols }) => chooseProtocol(protocols),
      },
      secured,
    );
    this.#server.on('tlsClientError', (error, socket) => {
      failed(error);
      socket.destroy();
    });
    this.#watch = setInterval(() => {
      if (this.#look() !== this.#seen) this.reload();
    }, watchIntervalMs);
    this.#watch.unref();
  }

  #look(): string {
    const looks = this.#files.map((file) => {
      try {
        const { ino, size, mtimeMs } = statSync(file);
        return `${ino} ${size} ${mtimeMs}`;
      } catch {
        // Missing for a moment, or for good: reading it again tells the log which.
        return 'unreadable';
      }
    });
    return looks.join(', ');
  }

  /** @param bytes of the handshake, already read from the socket */
  take(socket: net.Socket, bytes: Buffer): void {
    socket.unshift(bytes);
    this.#server.emit('connection', socket);
  }

  /** Open connections keep what they have. Broken files change nothing and are logged. */
  reload(): void {
    try {
      this.#seen = this.#look();
      this.#server.setSecureContext(this.#read());
      this.#logger.info({ files: this.#files }, 'TLS files were read again');
    } catch (error) {
      this.#logger.error(
        { err: error, files: this.#files },
        'TLS files changed and cannot be used; the ones before stay in use',
      );
    }
  }

  close(): void {
    clearInterval(this.#watch);
  }

  #read(): tls.SecureContextOptions {
    const { cert, key, ca } = this.#options;
    const options: tls.SecureContextOptions = {
      cert: readFileSync(cert!),
      key: readFileSync(key!),
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    };
    // Throws for files that do not fit each other, before anything is replaced.
    tls.createSecureContext(options);
    return options;
  }
}

/** HTTP versions first; for others the client's own first wish: its first bytes tell in the end. */
function chooseProtocol(offered: readonly string[]): string | undefined {
  if (offered.includes('h2')) return 'h2';
  if (offered.includes('http/1.1')) return 'http/1.1';
  return offered[0];
}
