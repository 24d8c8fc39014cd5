import { EventEmitter, once } from 'node:events';
import {
  type Move,
  type Parcel,
  parcels,
  type Registration,
  type Scan,
  type Status,
} from './contract.ts';
import { Journal } from './journal.ts';
import { serialOf, trackingNumber } from './tracking-number.ts';

const CARRIER_COUNTRY = 'CH';

/** Where a parcel may go from where it is: the rules of the business. */
const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  registered: ['collected'],
  collected: ['arrived'],
  arrived: ['departed', 'loaded'],
  departed: ['arrived'],
  loaded: ['delivered', 'arrived'],
  delivered: [],
};

/** One line of the journal. */
type Line = { readonly registered: Parcel } | { readonly moved: Move };

interface Tracked {
  parcel: Parcel;
  readonly history: Move[];
}

export interface Page {
  readonly status?: Status | undefined;
  /** Tracking number of the last parcel of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/**
 * All parcels and their moves: in memory to answer from, in a journal to survive. A change is
 * checked and applied in one go, so that two scanners cannot both move a parcel from the same
 * place, and answered only when it is on the disk.
 * Every line of the journal is a part of some parcel's history, which can be asked for: no line is
 * ever out of date, and the journal needs no compaction.
 */
export class Ledger {
  readonly #records = new Map<string, Tracked>();
  /** Emits a parcel's number when it has moved. Any number of people may watch one parcel. */
  readonly #moved = new EventEmitter().setMaxListeners(0);
  #journal: Journal<Line> | undefined;
  #serial = 0;

  async open(dataDirectory: string, report: (problem: string) => void): Promise<void> {
    const path = `${dataDirectory}/parcels.jsonl`;
    this.#journal = await Journal.open<Line>(path, (line) => this.#apply(line), report);
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }

  async register(registration: Registration): Promise<Parcel> {
    const registeredAt = new Date().toISOString();
    const parcel: Parcel = {
      id: trackingNumber(this.#serial + 1, CARRIER_COUNTRY),
      ...registration,
      status: 'registered',
      place: 'sender',
      registeredAt,
      movedAt: registeredAt,
    };
    await this.#record({ registered: parcel });
    return parcel;
  }

  async move(scan: Scan): Promise<Move> {
    const { parcel } = this.#find(scan.id);
    if (parcel.status === 'delivered') {
      throw parcels.errors.ParcelAlreadyDelivered({ id: scan.id, deliveredAt: parcel.movedAt });
    }
    if (!NEXT[parcel.status].includes(scan.to)) {
      throw parcels.errors.IllegalMove({
        id: scan.id,
        from: parcel.status,
        to: scan.to,
        allowed: [...NEXT[parcel.status]],
      });
    }
    const move: Move = { ...scan, from: parcel.status, at: new Date().toISOString() };
    await this.#record({ moved: move });
    this.#moved.emit(move.id);
    return move;
  }

  get(id: string): Parcel {
    return this.#find(id).parcel;
  }

  history(id: string): readonly Move[] {
    return this.#find(id).history;
  }

  /** In the order in which they were registered. */
  list(page: Page): { parcels: Parcel[]; next?: string } {
    const first = page.after === undefined ? 1 : serialOf(page.after) + 1;
    const parcels: Parcel[] = [];
    for (const { parcel } of this.#records.values()) {
      if (serialOf(parcel.id) < first) continue;
      if (page.status !== undefined && parcel.status !== page.status) continue;
      if (parcels.length === page.limit) return { parcels, next: parcels.at(-1)!.id };
      parcels.push(parcel);
    }
    return { parcels };
  }

  count(): { total: number; byStatus: Record<Status, number> } {
    const byStatus = Object.fromEntries(Object.keys(NEXT).map((status) => [status, 0]));
    for (const { parcel } of this.#records.values()) byStatus[parcel.status]! += 1;
    return { total: this.#records.size, byStatus: byStatus as Record<Status, number> };
  }

  /** Resolves at the parcel's next move; rejects when the signal is aborted. */
  async nextMove(id: string, signal: AbortSignal): Promise<void> {
    await once(this.#moved, id, { signal });
  }

  #find(id: string): Tracked {
    const record = this.#records.get(id);
    if (record === undefined) throw parcels.errors.ParcelNotFound({ id });
    return record;
  }

  #record(line: Line): Promise<void> {
    if (this.#journal === undefined) throw new Error('the ledger is not open');
    this.#apply(line);
    return this.#journal.append(line);
  }

  #apply(line: Line): void {
    if ('registered' in line) {
      this.#records.set(line.registered.id, { parcel: line.registered, history: [] });
      this.#serial = serialOf(line.registered.id);
    } else {
      const { moved } = line;
      const record = this.#find(moved.id);
      record.parcel = {
        ...record.parcel,
        status: moved.to,
        place: moved.place,
        movedAt: moved.at,
      };
      record.history.push(moved);
    }
  }
}
