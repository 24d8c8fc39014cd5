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
import { SerialList } from './serial-list.ts';
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
  readonly #all = new SerialList();
  readonly #byStatus = new Map<Status, SerialList>();
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
    const index = page.status === undefined ? this.#all : this.#of(page.status);
    const after = page.after === undefined ? 0 : serialOf(page.after);
    const serials = index.after(after, page.limit + 1);
    const parcels = serials
      .slice(0, page.limit)
      .map((serial) => this.get(trackingNumber(serial, CARRIER_COUNTRY)));
    return serials.length > page.limit ? { parcels, next: parcels.at(-1)!.id } : { parcels };
  }

  count(): { total: number; byStatus: Record<Status, number> } {
    const statuses = Object.keys(NEXT) as Status[];
    const byStatus = Object.fromEntries(
      statuses.map((status) => [status, this.#of(status).length]),
    ) as Record<Status, number>;
    return { total: this.#records.size, byStatus };
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

  #of(status: Status): SerialList {
    let index = this.#byStatus.get(status);
    if (index === undefined) this.#byStatus.set(status, (index = new SerialList()));
    return index;
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
      this.#all.add(this.#serial);
      this.#of(line.registered.status).add(this.#serial);
    } else {
      const { moved } = line;
      const record = this.#find(moved.id);
      this.#of(record.parcel.status).remove(serialOf(moved.id));
      this.#of(moved.to).add(serialOf(moved.id));
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
