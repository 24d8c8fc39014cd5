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

/** Requests per second of unary gRPC calls with one message, over 16 connections of 16 streams. */
export function grpcLoad(
  port: number,
  durationMs: number,
  path: string,
  message: Uint8Array,
): number {
  const folder = mkdtempSync(join(tmpdir(), 'polywire-h2load-'));
  const body = join(folder, 'body');
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  writeFileSync(body, Buffer.concat([head, message]));
  try {
    const output = execFileSync(
      'h2load',
      [
        ...['-t', '1', '-c', '16', '-m', '16', '-d', body],
        ...['-D', String(Math.ceil(durationMs / 1000))],
        ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
        `http://127.0.0.1:${port}${path}`,
      ],
      { encoding: 'utf8', timeout: durationMs + 60_000 },
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
