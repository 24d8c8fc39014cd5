import type { Call } from '../model/call.ts';
import { Fault } from '../model/fault.ts';

function expire(call: Call): void {
  call.abort(new Fault('DEADLINE_EXCEEDED', 'The deadline of the call has passed.'));
}

/** Aborts the call at its deadline; nothing for a call that has none. The hub's longest deadline
 * (a day) is well below the longest timer. */
export function startDeadline(call: Call): NodeJS.Timeout | undefined {
  if (call.deadlineMs === Number.POSITIVE_INFINITY) return undefined;
  return setTimeout(expire, Math.max(1, call.deadlineMs - Date.now()), call);
}
