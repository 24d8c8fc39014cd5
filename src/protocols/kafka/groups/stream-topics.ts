import type { Meter } from '../../../hub/diagnostics.ts';
import type { Stream } from '../../../hub/engine.ts';
import type { Origin } from '../../../hub/hub.ts';
import type { Streams } from '../../../hub/streams.ts';
import { LOCAL } from '../../../model/principal.ts';
import type { Topic, Topics, VisibleTopics } from './consumer/topics.ts';
import { topicPattern } from './topic-pattern.ts';

/** The hub's streams as groups see them. What a coordinator looks up for itself is nobody's access:
 * rights are decided where a client asks. */
export class StreamTopics implements Topics {
  version = 0;
  readonly #streams: Streams;
  readonly #origin: Origin;
  #cachedVersion = -1;
  #byName = new Map<string, Topic>();
  #byId = new Map<string, Topic>();
  #streamsById = new Map<string, Stream>();

  constructor(streams: Streams, meter: Meter) {
    this.#streams = streams;
    this.#origin = { principal: LOCAL, meter };
    streams.onChange(() => {
      this.version += 1;
    });
  }

  find(name: string): Topic | undefined {
    this.#refresh();
    return this.#byName.get(name);
  }

  byId(id: string): Topic | undefined {
    this.#refresh();
    return this.#byId.get(id);
  }

  stream(id: string): Stream | undefined {
    this.#refresh();
    return this.#streamsById.get(id);
  }

  /** All streams, whoever may use them. */
  all(): readonly Stream[] {
    return this.#streams.list(this.#origin);
  }

  #refresh(): void {
    if (this.#cachedVersion === this.version) return;
    this.#cachedVersion = this.version;
    const streams = this.all();
    this.#streamsById = new Map(streams.map((stream) => [stream.id, stream]));
    const topics = streams.map(({ id, name, partitions }) => ({
      id,
      name,
      partitions: partitions.length,
    }));
    this.#byName = new Map(topics.map((topic) => [topic.name, topic]));
    this.#byId = new Map(topics.map((topic) => [topic.id, topic]));
  }
}

/** What one caller may read. */
export function visibleTo(streams: Streams, origin: Origin): VisibleTopics {
  return {
    matching(regex) {
      const matches = topicPattern(regex);
      return streams
        .list(origin)
        .filter(({ name }) => matches(name) && mayRead(streams, name, origin))
        .map(({ name }) => name);
    },
  };
}

export function mayRead(streams: Streams, name: string, origin: Origin): boolean {
  try {
    streams.get(name, 'read', origin);
    return true;
  } catch {
    return false;
  }
}
