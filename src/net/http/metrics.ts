import type { Counter, Gauge } from 'prom-client';
import { type Diagnostics, DURATION_BOUNDS_MS, type Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import { registerStreamMetrics } from './stream-metrics.ts';

/** The hub's figures in Prometheus' text format. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

type Figure = Exclude<
  { [name in keyof Meter]: Meter[name] extends number ? name : never }[keyof Meter],
  undefined
>;

interface Family {
  readonly name: string;
  readonly help: string;
  readonly figure: Figure;
}

const COUNTERS: readonly Family[] = [
  {
    name: 'polywire_received_total',
    help: 'Calls and messages that came from clients.',
    figure: 'received',
  },
  {
    name: 'polywire_sent_total',
    help: 'Answers, stream items and deliveries that went to clients.',
    figure: 'sent',
  },
  {
    name: 'polywire_refused_total',
    help: 'Calls and messages turned away before a handler ran.',
    figure: 'refused',
  },
  {
    name: 'polywire_failed_total',
    help: 'Calls that ended in a fault after a handler ran.',
    figure: 'failed',
  },
  {
    name: 'polywire_dropped_total',
    help: 'Deliveries that a slow receiver lost.',
    figure: 'dropped',
  },
  { name: 'polywire_received_bytes_total', help: 'Bytes from clients.', figure: 'bytesIn' },
  { name: 'polywire_sent_bytes_total', help: 'Bytes to clients.', figure: 'bytesOut' },
];

const GAUGES: readonly Family[] = [
  { name: 'polywire_in_flight', help: 'Calls running now.', figure: 'inFlight' },
  { name: 'polywire_connections', help: 'Connections open now.', figure: 'connections' },
];

/** Gauges of the library that end as counters do, which Prometheus' linter refuses; each is the sum
 * of a family that is there without them. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * Nothing is counted here: the figures are read from the hub's meters when somebody asks. The
 * client library is loaded at the first question.
 */
export async function createMetrics(hub: Hub): Promise<Metrics> {
  const client = await import('prom-client');
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const { diagnostics } = hub;
  const labelNames = ['protocol'];
  for (const { name, help, figure } of COUNTERS) {
    new client.Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect(this: Counter) {
        this.reset();
        for (const meter of diagnostics.meters()) {
          this.inc({ protocol: meter.protocol }, meter[figure]);
        }
      },
    });
  }
  for (const { name, help, figure } of GAUGES) {
    new client.Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect(this: Gauge) {
        for (const meter of diagnostics.meters()) {
          this.set({ protocol: meter.protocol }, meter[figure]);
        }
      },
    });
  }
  new client.Gauge({
    name: 'polywire_ready',
    help: 'Whether the hub takes calls.',
    registers: [registry],
    collect(this: Gauge) {
      this.set(hub.state === 'ready' ? 1 : 0);
    },
  });
  if (hub.streams !== undefined) registerStreamMetrics(client, registry, hub.streams);
  // The library counts in objects of its own; the hub has its buckets already.
  (registry as unknown as { registerMetric(metric: object): void }).registerMetric(
    new CallDurations(diagnostics),
  );
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** The durations of calls by protocol and operation, as the registry asks a metric for them. */
class CallDurations {
  readonly name = 'polywire_call_duration_seconds';
  readonly help = 'Time from the arrival of a call to the end of its answer.';
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #diagnostics: Diagnostics;

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  get(): Promise<object> {
    const values: Sample[] = [];
    for (const meter of this.#diagnostics.meters()) {
      for (const [operation, { counts, sumMs }] of meter.allDurations()) {
        const labels = { protocol: meter.protocol, operation };
        let below = 0;
        counts.forEach((count, index) => {
          below += count;
          const bound = DURATION_BOUNDS_MS[index];
          const le = bound === undefined ? '+Inf' : bound / 1000;
          values.push({
            metricName: `${this.name}_bucket`,
            labels: { le, ...labels },
            value: below,
          });
        });
        values.push({ metricName: `${this.name}_sum`, labels, value: sumMs / 1000 });
        values.push({ metricName: `${this.name}_count`, labels, value: below });
      }
    }
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values });
  }

  /** Part of what the registry asks of a metric. */
  reset(): void {
    // The figures belong to the hub.
  }
}
