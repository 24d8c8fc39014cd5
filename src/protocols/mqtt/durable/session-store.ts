import type { Table } from '../../../hub/engine.ts';
import type { Streams } from '../../../hub/streams.ts';
import type { MaybePromise } from '../../../model/maybe-promise.ts';
import type { IncomingRecord, OutgoingRecord, SessionRecord } from './session-record.ts';

const TABLE = 'mqtt-sessions';

/** What a session was when the hub was stopped. */
export interface StoredSession {
  readonly session: SessionRecord;
  readonly outgoing: OutgoingRecord | undefined;
  readonly incoming: IncomingRecord | undefined;
}

export interface SessionParts {
  readonly session?: SessionRecord | undefined;
  readonly outgoing?: OutgoingRecord | undefined;
  readonly incoming?: IncomingRecord | undefined;
}

/** Sessions in a table of the hub's, and what has to be kept for them while they are away. */
export class SessionStore {
  readonly #table: Table;
  readonly #streams: Streams;

  private constructor(table: Table, streams: Streams) {
    this.#table = table;
    this.#streams = streams;
  }

  static async open(streams: Streams): Promise<SessionStore> {
    return new SessionStore(await streams.table(TABLE), streams);
  }

  *load(): Iterable<readonly [key: string, stored: StoredSession]> {
    for (const [name, bytes] of this.#table.entries()) {
      if (!name.startsWith('s')) continue;
      const key = name.slice(1);
      yield [
        key,
        {
          session: parse<SessionRecord>(bytes)!,
          outgoing: parse<OutgoingRecord>(this.#table.get(`o${key}`)),
          incoming: parse<IncomingRecord>(this.#table.get(`i${key}`)),
        },
      ];
    }
  }

  /** Keeps the given parts, all or nothing; durable when it answers.
   * @throws AppendFault 'storage' */
  save(key: string, { session, outgoing, incoming }: SessionParts): MaybePromise<void> {
    const changes: [string, Buffer][] = [];
    if (session !== undefined) changes.push([`s${key}`, bytesOf(session)]);
    if (outgoing !== undefined) changes.push([`o${key}`, bytesOf(outgoing)]);
    if (incoming !== undefined) changes.push([`i${key}`, bytesOf(incoming)]);
    return this.#table.set(changes);
  }

  has(key: string): boolean {
    return this.#table.get(`s${key}`) !== undefined;
  }

  async remove(key: string): Promise<void> {
    if (!this.has(key)) return;
    await this.#table.set([
      [`s${key}`, undefined],
      [`o${key}`, undefined],
      [`i${key}`, undefined],
    ]);
    await this.keep(key, []);
  }

  /** Messages of these filters of the hub are kept for the session. */
  keep(key: string, filters: readonly string[]): Promise<void> {
    return this.#streams.keep(`mqtt ${key}`, filters);
  }
}

function bytesOf(record: object): Buffer {
  return Buffer.from(JSON.stringify(record));
}

function parse<T>(bytes: Buffer | undefined): T | undefined {
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as T);
}
