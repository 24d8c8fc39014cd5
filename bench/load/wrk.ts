import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why wrk (Debian's wrk) cannot run here; undefined where it can. */
export function wrkMissing(): string | undefined {
  return spawnSync('wrk', ['--version']).error === undefined
    ? undefined
    : 'wrk is not installed (Debian: wrk)';
}

export interface HttpLoad {
  readonly port: number;
  readonly durationMs: number;
  readonly path: string;
  readonly connections: number;
  /** Requests that go out together on each connection; 1 where absent. */
  readonly inFlight?: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent by POST; without one it is GET. */
  readonly body?: string;
}

/** Requests per second over HTTP/1.1. The client takes a fraction of the processor time that one in
 * Node takes, so that the server is what is measured. */
export function http1Load(load: HttpLoad): number {
  const folder = mkdtempSync(join(tmpdir(), 'polywire-wrk-'));
  const script = join(folder, 'load.lua');
  writeFileSync(script, scriptOf(load));
  try {
    const output = execFileSync(
      'wrk',
      [
        ...['-t', '1', '-c', String(load.connections)],
        ...['-d', `${Math.ceil(load.durationMs / 1000)}s`, '-s', script],
        `http://127.0.0.1:${load.port}`,
      ],
      { encoding: 'utf8', timeout: load.durationMs + 60_000 },
    );
    const perSecond = Number(/Requests\/sec:\s+([0-9.]+)/.exec(output)?.[1]);
    if (!(perSecond > 0) || output.includes('Non-2xx')) {
      throw new Error(`wrk did not get answers:\n${output}`);
    }
    return perSecond;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All requests that go out together are one text, made once. */
function scriptOf({ path, headers, body, inFlight = 1 }: HttpLoad): string {
  const fields = Object.entries(headers).map(([name, value]) => `[${lua(name)}] = ${lua(value)}`);
  const method = body === undefined ? 'GET' : 'POST';
  return `
init = function()
  local one = wrk.format('${method}', ${lua(path)}, { ${fields.join(', ')} }, ${body === undefined ? 'nil' : lua(body)})
  requests = string.rep(one, ${inFlight})
end
request = function() return requests end
`;
}

/** A text of Lua, byte for byte. */
function lua(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`);
  return `"${bytes.join('')}"`;
}
