import type { Move } from './contract.ts';
import type { Ledger } from './ledger.ts';

/** A parcel's moves so far, then each as it happens, until it is delivered. The reader sets the
 * pace: what it has not read yet waits in the ledger, not in a queue of its own. */
export function watch(ledger: Ledger, id: string, signal: AbortSignal): AsyncIterable<Move> {
  ledger.get(id); // Refused before the stream begins, where there is no such parcel.
  return moves(ledger, id, signal);
}

async function* moves(ledger: Ledger, id: string, signal: AbortSignal): AsyncGenerator<Move> {
  const history = ledger.history(id);
  for (let seen = 0; ; await ledger.nextMove(id, signal)) {
    for (; seen < history.length; seen++) yield history[seen]!;
    if (ledger.get(id).status === 'delivered') return;
  }
}
