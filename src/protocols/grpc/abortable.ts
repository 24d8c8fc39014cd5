import type { Abortable } from '../../hub/transport.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';

/** How much earlier than the hub a client may see its deadline pass: its clock began earlier. */
const LEEWAY_MS = 100;

/**
 * What ends a call when its client leaves. Clients leave by themselves when their time is up: then
 * the reason is the deadline, as it would have been a moment later.
 */
export function abortableOf(call: Call, deadlineMs: number | undefined): Abortable {
  if (deadlineMs === undefined) return call;
  return {
    abort() {
      const late = Date.now() + LEEWAY_MS >= deadlineMs;
      call.abort(
        late
          ? new Fault('DEADLINE_EXCEEDED', 'The client left when its deadline passed.')
          : undefined,
      );
    },
  };
}
