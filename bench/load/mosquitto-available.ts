import { spawnSync } from 'node:child_process';

/** Why Mosquitto cannot be measured here; undefined where it can. */
export function mosquittoMissing(): string | undefined {
  // It has no option that ends at once: -h does, with a code of its own.
  const { error } = spawnSync('mosquitto', ['-h'], { stdio: 'ignore' });
  return error === undefined ? undefined : 'mosquitto is not installed (Debian: mosquitto)';
}
