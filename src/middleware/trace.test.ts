import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import {
  application,
  callOf,
  eventType,
  message,
  operation,
} from '../hub/application.test-support.ts';
import { createHub, type RunningHub } from '../hub/create-hub.ts';
import type { Context } from '../model/application.ts';
import type { Call } from '../model/call.ts';
import { Fault } from '../model/fault.ts';
import type { Delivery } from '../model/message.ts';
import { LOCAL } from '../model/principal.ts';
import { startTelemetry } from './telemetry.ts';
import { traceCalls } from './trace.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const INCOMING = {
  traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  tracestate: 'vendor=1',
};

const exporter = new InMemorySpanExporter();

function register(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
}

function unregister(): void {
  trace.disable();
  context.disable();
}

beforeEach(() => exporter.reset());
after(unregister);

async function tracedHub(): Promise<RunningHub> {
  const hub = createHub({ middleware: [traceCalls()] });
  hub.add(
    application(
      [
        [operation('traced'), (_: unknown, { trace: own }: Context) => own],
        [operation('outer'), (_: unknown, own: Context) => own.invoke('test.traced', {})],
        [
          operation('active'),
          async () => {
            await turn();
            return trace.getSpanContext(context.active())?.spanId;
          },
        ],
        [
          operation('watch', { output: { schema: true, stream: true } }),
          async function* () {
            yield trace.getSpanContext(context.active())?.spanId;
          },
        ],
        [
          operation('fails'),
          (code: never) => {
            throw new Fault(code, 'secret');
          },
        ],
        [operation('emits'), (_: unknown, own: Context) => own.emit('test.done', {})],
        [operation('locked', { scopes: ['x'] }), () => 1],
      ],
      { events: [eventType('done')] },
    ),
  );
  await hub.start();
  return hub;
}

function run(hub: RunningHub, name: string, call: Call): unknown {
  return hub.invoke(hub.endpoint(`test.${name}`)!, call, hub.diagnostics.meter('wire'));
}

test('where nothing receives spans there is no layer, and traces pass unchanged', async () => {
  const telemetry = await startTelemetry({ tracing: true, traces: '' });
  assert.deepEqual(telemetry.middleware, []);
  const hub = createHub({ middleware: telemetry.middleware });
  hub.add(application([[operation('traced'), (_: unknown, own: Context) => own.trace]]));
  await hub.start();
  assert.equal(run(hub, 'traced', callOf({}, { trace: INCOMING })), INCOMING);
});

test('a call continues the trace of its caller in a server span', async () => {
  register();
  const hub = await tracedHub();
  const own = run(hub, 'traced', callOf({}, { trace: INCOMING })) as typeof INCOMING;
  const [span] = exporter.getFinishedSpans();
  assert.equal(span!.name, 'test.traced');
  assert.equal(span!.kind, SpanKind.SERVER);
  assert.equal(span!.spanContext().traceId, TRACE_ID);
  assert.equal(span!.parentSpanContext?.spanId, 'b7ad6b7169203331');
  assert.equal(own.traceparent, `00-${TRACE_ID}-${span!.spanContext().spanId}-01`);
  assert.equal(own.tracestate, 'vendor=1');
  assert.equal(span!.attributes['rpc.system'], 'wire');
  assert.equal(span!.attributes['rpc.service'], 'test');
  assert.equal(span!.attributes['rpc.method'], 'traced');
  assert.equal(span!.attributes['rpc.response.status_code'], 'OK');
  unregister();
});

test('a call of a handler is a child of the call that runs it', async () => {
  register();
  const hub = await tracedHub();
  run(hub, 'outer', callOf({}, { trace: INCOMING }));
  const [inner, outer] = exporter.getFinishedSpans();
  assert.equal(inner!.name, 'test.traced');
  assert.equal(inner!.kind, SpanKind.INTERNAL);
  assert.equal(inner!.parentSpanContext?.spanId, outer!.spanContext().spanId);
  unregister();
});

test("the call's span is active in the handler, later and in generators too", async () => {
  register();
  const hub = await tracedHub();
  const active = await run(hub, 'active', callOf({}));
  assert.equal(active, exporter.getFinishedSpans()[0]!.spanContext().spanId);
  exporter.reset();
  const items: unknown[] = [];
  for await (const item of run(hub, 'watch', callOf({})) as AsyncIterable<unknown>) {
    items.push(item);
    assert.equal(exporter.getFinishedSpans().length, 0, 'the span lasts as long as the stream');
  }
  assert.deepEqual(items, [exporter.getFinishedSpans()[0]!.spanContext().spanId]);
  unregister();
});

test('failures of the server are errors, those of callers are not; texts stay out', async () => {
  register();
  const hub = await tracedHub();
  for (const [code, status] of [
    ['INTERNAL', SpanStatusCode.ERROR],
    ['NOT_FOUND', SpanStatusCode.UNSET],
  ] as const) {
    exporter.reset();
    assert.throws(() => run(hub, 'fails', callOf(code)));
    const [span] = exporter.getFinishedSpans();
    assert.equal(span!.status.code, status);
    assert.equal(span!.attributes['rpc.response.status_code'], code);
    assert.ok(!JSON.stringify([span!.attributes, span!.events, span!.status]).includes('secret'));
  }
  exporter.reset();
  const principal = { id: 'x', authenticated: true, scopes: new Set<string>() };
  assert.throws(() => run(hub, 'locked', callOf({}, { principal })));
  const refused = exporter.getFinishedSpans()[0]!.attributes['rpc.response.status_code'];
  assert.equal(refused, 'PERMISSION_DENIED');
  unregister();
});

test('events and messages carry the trace on', async () => {
  register();
  const hub = await tracedHub();
  const got: Delivery[] = [];
  const origin = { principal: LOCAL, meter: hub.diagnostics.meter('wire') };
  hub.subscribe(
    { filter: '>', credit: 9 },
    { deliver: (batch) => void got.push(...batch), closed: () => undefined },
    origin,
  );
  await run(hub, 'emits', callOf({}, { trace: INCOMING }));
  await hub.publish([message('a', '', { trace: INCOMING }), message('b')], origin);
  await turn();
  const [call, publish] = exporter.getFinishedSpans();
  const traces = got.map(({ message: { trace: one } }) => one?.traceparent.split('-')[2]);
  assert.deepEqual(traces, [call!.spanContext().spanId, publish!.spanContext().spanId, undefined]);
  assert.equal(publish!.spanContext().traceId, TRACE_ID);
  unregister();
});

test('spans reach an OTLP collector, at the latest when telemetry is shut down', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString('latin1')));
    request.on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  const telemetry = await startTelemetry({
    tracing: true,
    traces: `http://127.0.0.1:${port}/v1/traces`,
  });
  const hub = createHub({ middleware: telemetry.middleware });
  hub.add(application([[operation('seen'), () => 1]]));
  await hub.start();
  run(hub, 'seen', callOf({}));
  await telemetry.shutdown();
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
  assert.match(bodies.join(''), /test\.seen/);
  assert.match(bodies.join(''), /polywire/);
});

test('what is no place for spans is refused', async () => {
  await assert.rejects(
    startTelemetry({ tracing: true, traces: 'somewhere' }),
    /expected "console" or the URL/,
  );
});
