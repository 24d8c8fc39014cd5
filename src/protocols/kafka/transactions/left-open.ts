import type { Meter } from '../../../hub/diagnostics.ts';
import type { Streams } from '../../../hub/streams.ts';
import { LOCAL } from '../../../model/principal.ts';

/** Whether a stop of the hub has interrupted transactions. Until they are ended, nobody sees what
 * lies behind them, in any protocol: the coordinator has to open at once. */
export function transactionsLeftOpen(streams: Streams, meter: Meter): boolean {
  return streams
    .list({ principal: LOCAL, meter })
    .some(({ partitions }) =>
      partitions.some(({ stableOffset, endOffset }) => stableOffset < endOffset),
    );
}
