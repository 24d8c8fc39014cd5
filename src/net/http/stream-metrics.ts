import type { Gauge, Registry } from 'prom-client';
import type { StreamFigures, Streams } from '../../hub/streams.ts';

/** Streams that have labels of their own, the oldest ones; all others share `OTHERS`. */
export const NAMED_STREAMS = 200;
/** No stream can have this name. */
export const OTHERS = '(others)';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly figure: Exclude<keyof StreamFigures, 'name'>;
  readonly kind: 'Counter' | 'Gauge';
}

const FAMILIES: readonly Family[] = [
  {
    name: 'polywire_stream_bytes',
    help: 'Bytes that a stream holds.',
    figure: 'bytes',
    kind: 'Gauge',
  },
  {
    name: 'polywire_stream_partitions',
    help: 'Partitions of a stream.',
    figure: 'partitions',
    kind: 'Gauge',
  },
  {
    name: 'polywire_stream_start_offset',
    help: 'First offsets that a stream keeps, of all its partitions together.',
    figure: 'startOffset',
    kind: 'Gauge',
  },
  {
    name: 'polywire_stream_end_offset',
    help: 'Offsets after the last committed records of a stream, of all its partitions together.',
    figure: 'endOffset',
    kind: 'Gauge',
  },
  {
    name: 'polywire_stream_refused_total',
    help: 'Published messages that a stream did not take.',
    figure: 'refused',
    kind: 'Counter',
  },
];

/** Figures of streams, read when somebody asks. */
export function registerStreamMetrics(
  client: typeof import('prom-client'),
  registry: Registry,
  streams: Streams,
): void {
  for (const { name, help, figure, kind } of FAMILIES) {
    new client[kind]({
      name,
      help,
      labelNames: ['stream'],
      registers: [registry],
      collect(this: Pick<Gauge, 'inc' | 'reset'>) {
        this.reset();
        let count = 0;
        for (const figures of streams.figures()) {
          const stream = ++count <= NAMED_STREAMS ? figures.name : OTHERS;
          this.inc({ stream }, figures[figure]);
        }
      },
    });
  }
  new client.Gauge({
    name: 'polywire_storage_writable',
    help: 'Whether streams take messages: 0 while the disk does not (full, read-only, failing).',
    registers: [registry],
    collect(this: Gauge) {
      this.set(streams.refusing === undefined ? 1 : 0);
    },
  });
}
