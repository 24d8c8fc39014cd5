import type { Static } from 'typebox';
import type { Middleware } from '../hub/middleware.ts';
import { Type } from '../hub/option-type.ts';

export const TelemetryOptions = Type.Object(
  {
    metrics: Type.Boolean({ default: true, description: 'Prometheus metrics at /metrics.' }),
    tracing: Type.Boolean({
      default: true,
      description:
        'A span for each hop through the OpenTelemetry API; it costs nothing unless "traces" is set or an SDK is registered before the hub starts.',
    }),
    traces: Type.String({
      default: '',
      pattern: '^(console|https?://.+)?$',
      description:
        'Where spans are sent: "console", or the URL of an OTLP/HTTP collector such as http://127.0.0.1:4318/v1/traces. Empty: nowhere.',
    }),
  },
  { additionalProperties: false, description: 'What can be observed.' },
);

export type TelemetryOptions = Static<typeof TelemetryOptions>;

export interface Telemetry {
  /** Layers that make the spans; none where nobody would receive them. */
  readonly middleware: readonly Middleware[];
  /** Sends what is not sent yet. Waits a few seconds at most. */
  shutdown(): Promise<void>;
}

const NOTHING: Telemetry = Object.freeze({
  middleware: Object.freeze([]),
  shutdown: () => Promise.resolve(),
});

/** Where the OpenTelemetry API keeps what was registered, whichever copy of it did so. Looked at
 * so that the API itself is loaded only when there is something to trace. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

const FLUSH_MS = 3000;

/**
 * Sets tracing up. The OpenTelemetry packages are loaded only when they have something to do.
 * @throws TypeError for a `traces` that is neither "console" nor an http(s) URL
 */
export async function startTelemetry(
  options: Pick<TelemetryOptions, 'tracing' | 'traces'>,
): Promise<Telemetry> {
  const { tracing, traces } = options;
  if (!tracing) return NOTHING;
  const provider = traces === '' ? undefined : await registerProvider(traces);
  if (provider === undefined && !isRegistered()) return NOTHING;
  const { traceCalls } = await import('./trace.ts');
  return {
    middleware: [traceCalls()],
    shutdown: async () => {
      if (provider === undefined) return;
      const { trace, context } = await import('@opentelemetry/api');
      trace.disable();
      context.disable();
      await within(FLUSH_MS, provider.shutdown());
    },
  };
}

function isRegistered(): boolean {
  const api = (globalThis as Record<symbol, unknown>)[REGISTERED];
  return typeof api === 'object' && api !== null && 'trace' in api && api.trace !== undefined;
}

async function registerProvider(traces: string): Promise<{ shutdown(): Promise<void> }> {
  if (traces !== 'console' && !/^https?:\/\//.test(traces)) {
    throw new TypeError(
      `telemetry.traces is ${JSON.stringify(traces)}; expected "console" or the URL of an OTLP/HTTP collector`,
    );
  }
  const [{ context, trace }, sdk, { AsyncLocalStorageContextManager }, resources] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/resources'),
    ]);
  const spanProcessor =
    traces === 'console'
      ? new sdk.SimpleSpanProcessor({ exporter: new sdk.ConsoleSpanExporter() })
      : new sdk.BatchSpanProcessor({ exporter: await otlpExporter(traces) });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': process.env.OTEL_SERVICE_NAME ?? 'polywire',
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() }),
    spanProcessors: [spanProcessor],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(provider);
  return provider;
}

async function otlpExporter(url: string) {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  return new OTLPTraceExporter({ url });
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  // A collector that cannot be reached must not keep the process, nor fail its stop.
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
