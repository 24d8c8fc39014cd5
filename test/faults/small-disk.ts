import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of 8 MiB, or why there is none. */
export function smallDisk(): { path: string; skip: string | undefined; remove: () => void } {
  if (process.env.CI === undefined) return none('it mounts a disk; set CI=1 to allow it');
  const path = mkdtempSync(join(tmpdir(), 'polywire-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path], { stdio: 'pipe' });
  } catch {
    rmSync(path, { recursive: true });
    return none('no disk can be mounted here (that needs root)');
  }
  const remove = (): void => {
    execFileSync('umount', [path]);
    rmSync(path, { recursive: true });
  };
  return { path, skip: undefined, remove };
}

function none(skip: string): ReturnType<typeof smallDisk> {
  return { path: '', skip, remove: () => undefined };
}
