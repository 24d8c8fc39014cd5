import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, callOf, message, operation } from '../../hub/application.test-support.ts';
import { createHub, type HubOptions, type RunningHub } from '../../hub/create-hub.ts';
import type { HeaderList } from '../../hub/header-list.ts';
import { streamHub } from '../../hub/streams/streams.test-support.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { metadataOf } from '../../model/metadata.ts';
import { LOCAL } from '../../model/principal.ts';
import { monitoringRoutes } from './monitoring.ts';
import { NAMED_STREAMS, OTHERS } from './stream-metrics.ts';

interface Answer {
  status: number;
  headers: readonly string[];
  body: string;
}

async function ask(
  hub: RunningHub,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const routes = monitoringRoutes(hub, { metrics: true });
  const answers: Answer[] = [];
  const exchange = {
    headers: metadataOf(headers),
    finished: false,
    respond: (status: number, list: HeaderList, body: string) =>
      void answers.push({ status, headers: list.flat, body }),
  };
  const route = routes.find((one) => one.path === path)!;
  await route.handle(exchange as unknown as Exchange);
  assert.equal(answers.length, 1);
  return answers[0]!;
}

async function busyHub(options: HubOptions = {}): Promise<RunningHub> {
  const hub = createHub(options);
  hub.add(
    application([
      [operation('ping'), () => 'pong'],
      [
        operation('fails'),
        () => {
          throw new Error('x');
        },
      ],
    ]),
  );
  await hub.start();
  return hub;
}

/** Samples by name and labels; refuses what Prometheus would. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  assert.ok(text.endsWith('\n'));
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/.exec(line);
    if (type !== null) {
      assert.ok(!typed.has(type[1]!), `${type[1]} is declared once`);
      typed.add(type[1]!);
    }
    if (line.startsWith('#')) continue;
    const sample =
      /^([a-zA-Z_:][\w:]*(?:\{[a-zA-Z_]\w*="[^"]*"(?:,[a-zA-Z_]\w*="[^"]*")*\})?) (\S+)$/.exec(
        line,
      );
    assert.ok(sample !== null, `a sample: ${line}`);
    assert.ok(!samples.has(sample[1]!), `${sample[1]} is told once`);
    samples.set(sample[1]!, sample[2] === 'Nan' ? Number.NaN : Number(sample[2]));
  }
  return samples;
}

test('the process answers while it lives, and is ready only while calls are taken', async () => {
  const hub = createHub();
  assert.equal((await ask(hub, '/healthz')).status, 200);
  assert.equal((await ask(hub, '/readyz')).status, 503);
  await hub.start();
  assert.equal((await ask(hub, '/readyz')).status, 200);
  await hub.stop();
  assert.equal((await ask(hub, '/readyz')).status, 503);
  assert.equal((await ask(hub, '/healthz')).status, 200);
});

test('metrics tell the figures of every protocol and the durations of every operation', async () => {
  const hub = await busyHub();
  const meter = hub.diagnostics.meter('wire');
  const run = (name: string): unknown =>
    hub.invoke(hub.endpoint(`test.${name}`)!, callOf({}), meter);
  for (let index = 0; index < 3; index++) run('ping');
  assert.throws(() => run('fails'));
  meter.bytesIn = 77;
  const answer = await ask(hub, '/metrics');
  assert.match(answer.headers.join(), /text\/plain; version=0\.0\.4/);
  const samples = parse(answer.body);
  assert.equal(samples.get('polywire_received_total{protocol="wire"}'), 4);
  assert.equal(samples.get('polywire_sent_total{protocol="wire"}'), 3);
  assert.equal(samples.get('polywire_failed_total{protocol="wire"}'), 1);
  assert.equal(samples.get('polywire_in_flight{protocol="wire"}'), 0);
  assert.equal(samples.get('polywire_received_bytes_total{protocol="wire"}'), 77);
  assert.equal(samples.get('polywire_ready'), 1);
  const labels = 'protocol="wire",operation="test.ping"';
  const duration = 'polywire_call_duration_seconds';
  assert.equal(samples.get(`${duration}_count{${labels}}`), 3);
  assert.equal(samples.get(`${duration}_bucket{le="+Inf",${labels}}`), 3);
  const buckets = [...samples].filter(
    ([name]) => name.startsWith(`${duration}_bucket`) && name.includes('ping'),
  );
  const counts = buckets.map(([, count]) => count);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
    'buckets are cumulative',
  );
  assert.ok([...samples.keys()].some((name) => name.startsWith('process_cpu_')));
  const again = parse((await ask(hub, '/metrics')).body);
  assert.equal(again.get('polywire_received_total{protocol="wire"}'), 4, 'asking counts nothing');
});

test('metrics are for callers whom the hub knows, health is for everybody', async () => {
  const hub = await busyHub({
    authenticator: { anonymous: 'deny', authenticate: () => LOCAL },
  });
  await assert.rejects(ask(hub, '/metrics'), { code: 'UNAUTHENTICATED' });
  assert.equal((await ask(hub, '/metrics', { authorization: 'Bearer x' })).status, 200);
  assert.equal((await ask(hub, '/healthz')).status, 200);
  assert.equal((await ask(hub, '/readyz')).status, 200);
});

test('metrics tell what each stream holds, with a bounded number of names', async () => {
  const configured: Record<string, object> = { a: { partitions: 2 } };
  for (let index = 0; index <= NAMED_STREAMS; index++) configured[`s${index}`] = {};
  const { hub, engine } = await streamHub({ configured });
  const origin = { principal: LOCAL, meter: hub.diagnostics.meter('wire') };
  await hub.publish([message('a', 'x', { key: '1' }), message('a', 'y', { key: '1' })], origin);
  const last = `s${NAMED_STREAMS}`;
  await hub.publish([message(last), message(`s${NAMED_STREAMS - 1}`)], origin);
  await engine
    .stream('a')!
    .partitions.find(({ endOffset }) => endOffset > 0)!
    .trim(1);
  engine.refusing = new Fault('UNAVAILABLE', 'The disk is full.');
  assert.throws(() => hub.publish([message('a')], origin));
  const samples = parse((await ask(hub, '/metrics')).body);
  const figure = (name: string, stream: string): number | undefined =>
    samples.get(`polywire_stream_${name}{stream="${stream}"}`);
  assert.deepEqual(
    ['start_offset', 'end_offset', 'partitions', 'refused_total'].map((name) => figure(name, 'a')),
    [1, 2, 2, 1],
  );
  assert.ok(figure('bytes', 'a')! > 0);
  assert.equal(figure('end_offset', last), undefined);
  assert.equal(figure('end_offset', OTHERS), 2);
  assert.equal(samples.get('polywire_storage_writable'), 0);
});

test('a hub whose disk takes nothing stays ready for calls and readers, and says so', async () => {
  const { hub, engine } = await streamHub();
  assert.deepEqual((await ask(hub, '/readyz')).body, 'ready\n');
  engine.refusing = new Fault('UNAVAILABLE', 'The disk of /secret/path is full.');
  const { status, body } = await ask(hub, '/readyz');
  assert.deepEqual([status, body], [200, 'ready\nstreams take no messages\n']);
});
