import type { Fault } from '../../model/fault.ts';
import type { Engine, StreamSettings } from '../engine.ts';
import type { KnownEvents } from '../known-events.ts';
import type { Logger } from '../logger.ts';
import { declareStreams } from './declare.ts';
import { DurableInterest } from './durable-interest.ts';
import { LiveFeeds } from './live-feeds.ts';
import {
  defaultSettings,
  type StorageOptions,
  type StreamOptions,
  settingsOf,
} from './settings.ts';
import { StreamService } from './stream-service.ts';
import { StreamTable, UNDIRECTED } from './stream-table.ts';

/** How a hub keeps streams. */
export interface HubStorage {
  /** Whoever made it closes it, after the hub has stopped. */
  readonly engine: Engine;
  readonly storage: StorageOptions;
  /** The section `streams`. */
  readonly streams: Readonly<Record<string, StreamOptions>>;
  /** `source` of the messages of records that their makers appended as they are. */
  readonly recordSource: string;
}

/** Everything of streams that a hub has. */
export class HubStreams {
  readonly engine: Engine;
  readonly table: StreamTable;
  readonly feeds: LiveFeeds;
  readonly interest: DurableInterest;
  /** Subjects may belong to other streams from now on. */
  onRouting: (() => void) | undefined;
  readonly service: StreamService;
  readonly #declare: () => Promise<void>;

  constructor(
    { engine, storage, streams, recordSource }: HubStorage,
    events: KnownEvents,
    logger: Logger,
    access: { readonly anonymousDenied: boolean; readonly closed: () => Fault | undefined },
  ) {
    this.engine = engine;
    this.table = new StreamTable(engine, events);
    this.feeds = new LiveFeeds(this.table, recordSource, logger);
    const settings = (): StreamSettings => ({
      ...defaultSettings(storage, UNDIRECTED),
      ...settingsOf(streams[UNDIRECTED] ?? ({ enabled: true } satisfies StreamOptions)),
    });
    this.interest = new DurableInterest(engine, this.table, settings, () => this.onRouting?.());
    const { interest } = this;
    const service = { engine, table: this.table, events, storage, interest, ...access };
    this.service = new StreamService(service);
    const parts = { engine, table: this.table, events, storage, configured: streams, logger };
    this.#declare = async () => {
      await declareStreams(parts);
      await this.interest.open();
    };
  }

  /** Makes and changes streams as configuration and contracts say.
   * @throws DeclarationError */
  declare(): Promise<void> {
    return this.#declare();
  }

  /** A contract has come. */
  eventsChanged(): void {
    this.feeds.eventsChanged();
  }

  close(): void {
    this.table.close();
    this.feeds.close();
  }
}
