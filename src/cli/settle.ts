import module from 'node:module';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Diagnostics } from '../hub/diagnostics.ts';

const QUIET_MS = 1_000;

type CollectGarbage = (options: {
  type: 'major';
  execution: 'sync';
  flavor: 'last-resort';
}) => void;

/**
 * Once, in the first quiet second after the start: writes compiled code to the cache (else that
 * happens at the end of the process, which may never be a quiet one), and gives the memory that
 * loading took back to the operating system. V8 keeps the room that the start needed, about 20 MB,
 * as long as nothing asks for it; the collection takes some 50 ms, in which nobody waits.
 */
export function settle(diagnostics: Diagnostics): void {
  let last = -1;
  const timer = setInterval(() => {
    const received = receivedBy(diagnostics);
    if (received !== last) {
      last = received;
      return;
    }
    clearInterval(timer);
    module.flushCompileCache();
    v8.setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as CollectGarbage;
    collectGarbage({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, QUIET_MS / 2);
  timer.unref();
}

/** Calls and messages until now, and those that run. */
function receivedBy(diagnostics: Diagnostics): number {
  let count = 0;
  for (const meter of diagnostics.meters()) count += meter.received + meter.inFlight;
  return count;
}
