import { join } from 'node:path';
import type { RecoveryNote, Stream, StreamSettings } from '../hub/engine.ts';
import { Fault } from '../model/fault.ts';
import type { FoundStream, StreamFacts } from './catalogue.ts';
import type { Environment } from './environment.ts';
import { LogPartition } from './partition.ts';
import { recover } from './recovery.ts';
import { SegmentList } from './segment-list.ts';
import { readStart } from './start-file.ts';

/** What a stream asks of its engine. */
export interface StreamOwner {
  change(stream: LogStream, settings: StreamSettings): Promise<void>;
}

export class LogStream implements Stream {
  readonly folder: string;
  facts: StreamFacts;
  partitions: readonly LogPartition[] = [];
  readonly #owner: StreamOwner;

  constructor(owner: StreamOwner, found: FoundStream) {
    this.#owner = owner;
    this.facts = found.facts;
    this.folder = found.folder;
  }

  get name(): string {
    return this.facts.name;
  }

  get id(): string {
    return this.facts.id;
  }

  get number(): number {
    return this.facts.number;
  }

  get createdMs(): number {
    return this.facts.createdMs;
  }

  get settings(): StreamSettings {
    return this.facts.settings;
  }

  change(settings: Partial<StreamSettings>): Promise<void> {
    const next = { ...this.settings, ...settings };
    if (next.partitions < this.settings.partitions) {
      throw new Fault(
        'INVALID_ARGUMENT',
        `The stream ${this.name} has ${this.settings.partitions} partitions and cannot have fewer (${next.partitions}).`,
      );
    }
    return this.#owner.change(this, next);
  }

  /** Opens the partitions that the settings count and that are not open. */
  async open(environment: Environment, crashes: number, notes: RecoveryNote[]): Promise<void> {
    const partitions = [...this.partitions];
    for (let index = partitions.length; index < this.settings.partitions; index++) {
      const folder = join(this.folder, String(index));
      const place = { stream: this.name, partition: index };
      const { segments, producers, transactions } = await recover(
        environment,
        folder,
        place,
        notes,
      );
      const first = segments[0]?.base ?? 0;
      const end = segments.at(-1)?.next ?? 0;
      const start = await readStart(environment.files, folder);
      const state = {
        segments: new SegmentList(environment, folder, segments),
        producers,
        transactions,
        startOffset: Math.min(Math.max(start, first), end),
        epoch: crashes - this.facts.bornAt,
      };
      partitions.push(new LogPartition(this, index, environment, state));
    }
    this.partitions = partitions;
  }
}
