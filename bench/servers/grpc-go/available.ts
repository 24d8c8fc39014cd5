import { spawnSync } from 'node:child_process';

/** Why the server in Go cannot be built here; undefined where it can. */
export function goMissing(): string | undefined {
  return spawnSync('go', ['version']).status === 0
    ? undefined
    : 'Go is not installed (https://go.dev/dl/)';
}
