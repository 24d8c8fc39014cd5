import { Fault, type TypedContext } from '#polywire';
import type { BatchSummary, Instruction, Move, Parcel, parcels, Scan } from './contract.ts';
import type { Ledger } from './ledger.ts';

type Context = TypedContext<typeof parcels>;

const SCANS_AT_ONCE = 64;
const REJECTIONS_SHOWN = 100;
const LANES = 12;

/** Records one scan and tells everybody who listens. */
export async function takeScan(ledger: Ledger, scan: Scan, context: Context): Promise<Move> {
  const move = await ledger.move(scan);
  await context.emit('parcels.moved', move);
  if (move.to === 'delivered') await context.emit('parcels.delivered', move);
  return move;
}

/** Takes a batch: a scan that is refused does not hold up the others. */
export async function scanBatch(
  ledger: Ledger,
  scans: AsyncIterable<Scan>,
  context: Context,
): Promise<BatchSummary> {
  const summary: BatchSummary = { accepted: 0, rejected: 0, rejections: [] };
  let index = 0;
  let running: Promise<void>[] = [];
  const take = async (scan: Scan, index: number): Promise<void> => {
    const refusal = await takeScan(ledger, scan, context).then(() => undefined, declaredError);
    if (refusal === undefined) {
      summary.accepted++;
    } else if (++summary.rejected <= REJECTIONS_SHOWN) {
      const { error, message } = refusal;
      summary.rejections.push({ index, id: scan.id, error: `${error}`, reason: message });
    }
  };
  for await (const scan of scans) {
    // Scans are applied in their order at once; what they wait for together is the disk.
    running.push(take(scan, index++));
    if (running.length === SCANS_AT_ONCE) {
      await Promise.all(running);
      running = [];
    }
  }
  await Promise.all(running);
  return summary;
}

/** Answers each scan with what to do with the parcel. */
export async function* sort(
  ledger: Ledger,
  scans: AsyncIterable<Scan>,
  context: Context,
): AsyncGenerator<Instruction> {
  for await (const scan of scans) {
    const { id } = scan;
    const refusal = await takeScan(ledger, scan, context).then(() => undefined, declaredError);
    if (refusal !== undefined) yield { id, action: 'hold', reason: refusal.message };
    else if (scan.to === 'arrived') yield { id, action: 'sort', lane: laneOf(ledger.get(id)) };
    else yield { id, action: 'release' };
  }
}

/** All parcels for one city share a lane. */
function laneOf({ recipient }: Parcel): number {
  let sum = 0;
  for (const character of recipient.country + recipient.city) sum += character.codePointAt(0)!;
  return 1 + (sum % LANES);
}

/** What the contract calls an error is an answer about one scan; everything else ends the call. */
function declaredError(thrown: unknown): Fault {
  if (thrown instanceof Fault && thrown.error !== undefined) return thrown;
  throw thrown;
}
