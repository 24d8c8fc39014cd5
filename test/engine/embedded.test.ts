import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../src/log/open-log.ts';
import { engineSuite } from './suite.ts';

engineSuite('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'polywire-engine-'));
  return {
    open: () => openLog({ folder, maintenanceMs: 50, maxPendingBytes: 8 * 1024 * 1024 }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});
