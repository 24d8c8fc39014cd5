import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why h2load (Debian's nghttp2-client) cannot run here; undefined where it can. */
export function h2loadMissing(): string | undefined {
  return spawnSync('h2load', ['--version']).status === 0
    ? undefined
    : 'h2load is not installed (Debian: nghttp2-client)';
}

export interface HttpLoad {
  readonly port: number;
  readonly durationMs: number;
  readonly path: string;
  readonly connections: number;
  /** Requests under way on each connection; 1 where absent. */
  readonly inFlight?: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent by POST; without one it is GET. */
  readonly body?: string | Uint8Array;
}

/** Requests per second over HTTP/1.1. It takes a fraction of the
 * processor time that a client in Node takes, so that the server is what is measured. */
export function http1Load(load: HttpLoad): number {
  return h2load(load, ['--h1']);
}

/** Requests per second of unary gRPC calls with one message, over 16 connections of 16 streams. */
export function grpcLoad(
  port: number,
  durationMs: number,
  path: string,
  message: Uint8Array,
): number {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return h2load(
    {
      port,
      durationMs,
      path,
      connections: 16,
      headers: { 'content-type': 'application/grpc', te: 'trailers' },
      body: Buffer.concat([head, message]),
      inFlight: 16,
    },
    [],
  );
}

function h2load(load: HttpLoad, more: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'polywire-h2load-'));
  const body = join(folder, 'body');
  if (load.body !== undefined) writeFileSync(body, load.body);
  const headers = Object.entries(load.headers).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ]);
  try {
    const output = execFileSync(
      'h2load',
      [
        ...more,
        ...['-t', '1', '-c', String(load.connections), '-m', String(load.inFlight ?? 1)],
        ...['-D', String(Math.ceil(load.durationMs / 1000))],
        ...(load.body === undefined ? [] : ['-d', body]),
        ...headers,
        `http://127.0.0.1:${load.port}${load.path}`,
      ],
      { encoding: 'utf8', timeout: load.durationMs + 60_000 },
    );
    const counts = /status codes: ([0-9]+) 2xx, ([0-9]+) 3xx, ([0-9]+) 4xx, ([0-9]+) 5xx/.exec(
      output,
    );
    if (counts === null || Number(counts[1]) === 0 || Number(counts[3]) + Number(counts[4]) > 0) {
      throw new Error(`h2load did not get answers:\n${output}`);
    }
    return Number(/finished in [^,]*, ([0-9.]+) req\/s/.exec(output)![1]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
