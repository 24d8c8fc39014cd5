import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fault } from '#polywire';
import type { Client } from '#polywire/client';
import { startHub } from '#polywire/testing';
import { createApplication } from '../../examples/parcels/app.ts';
import { parcels, type Scan } from '../../examples/parcels/contract.ts';

const RECIPIENT = { name: 'Ada Muster', street: 'Marktgasse 1', city: 'Bern', country: 'CH' };
const REGISTRATION = { recipient: RECIPIENT, weightGrams: 1200 };

/** The usual way of a parcel. */
const WAY: readonly (readonly [Scan['to'], string])[] = [
  ['collected', 'van 7'],
  ['arrived', 'depot Zug'],
  ['departed', 'truck 3'],
  ['arrived', 'depot Bern'],
  ['loaded', 'van 9'],
  ['delivered', 'Marktgasse 1'],
];

async function setUp(context: TestContext): Promise<Client<typeof parcels>> {
  const hub = await startHub(createApplication());
  context.after(() => hub.close());
  return hub.client(parcels, { timeoutMs: 10_000 });
}

async function faultOf(call: PromiseLike<unknown>): Promise<Fault> {
  try {
    await call;
  } catch (fault) {
    assert.ok(fault instanceof Fault);
    return fault;
  }
  return assert.fail('the call was answered');
}

test('a parcel goes its way from the sender to the door', async (context) => {
  const client = await setUp(context);
  const { id, status } = await client.parcels.register(REGISTRATION);
  assert.equal(id, 'CP000000014CH');
  assert.equal(status, 'registered');
  for (const [to, place] of WAY) {
    const move = await client.parcels.move({ id, to, place });
    assert.equal(move.to, to);
  }
  const parcel = await client.parcels.get({ id });
  assert.deepEqual([parcel.status, parcel.place], ['delivered', 'Marktgasse 1']);
  const { moves } = await client.parcels.history({ id });
  assert.deepEqual(
    moves.map(({ to, place }) => [to, place]),
    WAY,
  );
  assert.deepEqual(
    moves.map(({ from }) => from),
    ['registered', ...WAY.slice(0, -1).map(([to]) => to)],
  );
});

test('a move that the rules do not allow is refused, and says what is allowed', async (context) => {
  const client = await setUp(context);
  const { id } = await client.parcels.register(REGISTRATION);
  const illegal = await faultOf(client.parcels.move({ id, to: 'delivered', place: 'door' }));
  assert.ok(client.isError(illegal, 'IllegalMove'));
  assert.deepEqual(illegal.data, {
    id,
    from: 'registered',
    to: 'delivered',
    allowed: ['collected'],
  });
  for (const [to, place] of WAY) await client.parcels.move({ id, to, place });
  const late = await faultOf(client.parcels.move({ id, to: 'arrived', place: 'depot' }));
  assert.ok(client.isError(late, 'ParcelAlreadyDelivered'));
  assert.equal(late.data.deliveredAt, (await client.parcels.get({ id })).movedAt);
});

test('of two scanners that move one parcel at once, one is refused', async (context) => {
  const client = await setUp(context);
  const { id } = await client.parcels.register(REGISTRATION);
  const outcomes = await Promise.allSettled(
    ['van 1', 'van 2'].map((place) => client.parcels.move({ id, to: 'collected', place })),
  );
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal((await client.parcels.history({ id })).moves.length, 1);
});

test('an unknown number is not found; a mistyped one is told from it', async (context) => {
  const client = await setUp(context);
  const unknown = await faultOf(client.parcels.get({ id: 'CP473124829CH' }));
  assert.ok(client.isError(unknown, 'ParcelNotFound'));
  assert.deepEqual(unknown.data, { id: 'CP473124829CH' });
  const mistyped = await faultOf(client.parcels.get({ id: 'CP473124828CH' }));
  assert.equal(mistyped.code, 'INVALID_ARGUMENT');
  assert.match(mistyped.violations?.[0]?.expected ?? '', /check digit/);
});

test('the list goes page by page, and by status', async (context) => {
  const client = await setUp(context);
  const ids: string[] = [];
  for (let index = 0; index < 7; index++) {
    ids.push((await client.parcels.register(REGISTRATION)).id);
  }
  // Not in the order of their numbers, in which the list is all the same.
  for (const index of [4, 2, 6]) {
    await client.parcels.move({ id: ids[index]!, to: 'collected', place: 'van' });
  }
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await client.parcels.list({ limit: 3, ...(after === undefined ? {} : { after }) });
    seen.push(...page.parcels.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  assert.deepEqual(seen, ids);
  const collected = await client.parcels.list({ status: 'collected', limit: 2 });
  assert.deepEqual(
    collected.parcels.map(({ id }) => id),
    [ids[2], ids[4]],
  );
  assert.equal(collected.next, ids[4]);
  const last = await client.parcels.list({ status: 'collected', after: ids[4] });
  assert.deepEqual([last.parcels.map(({ id }) => id), last.next], [[ids[6]], undefined]);
  assert.deepEqual((await client.parcels.list({ status: 'loaded' })).parcels, []);
  const counts = await client.parcels.count();
  assert.equal(counts.total, 7);
  assert.deepEqual([counts.byStatus.registered, counts.byStatus.collected], [4, 3]);
});

test('watching shows the moves so far and then each as it happens, until delivery', async (context) => {
  const client = await setUp(context);
  const { id } = await client.parcels.register(REGISTRATION);
  const [[to, place], ...rest] = WAY as [(typeof WAY)[number], ...typeof WAY];
  await client.parcels.move({ id, to, place });
  const seen: string[] = [];
  for await (const move of client.parcels.watch({ id })) {
    seen.push(move.to);
    const next = rest[seen.length - 1];
    if (next !== undefined) await client.parcels.move({ id, to: next[0], place: next[1] });
  }
  assert.deepEqual(
    seen,
    WAY.map(([to]) => to),
  );
  const nobody = client.parcels.watch({ id: 'CP473124829CH' })[Symbol.asyncIterator]();
  assert.ok(client.isError(await faultOf(nobody.next()), 'ParcelNotFound'));
});

test('a batch of scans is taken as far as the rules allow, and says what was refused', async (context) => {
  const client = await setUp(context);
  const { id } = await client.parcels.register(REGISTRATION);
  const scans = WAY.map(([to, place]) => ({ id, to, place }));
  scans.splice(1, 0, { id, to: 'delivered', place: 'nowhere' });
  scans.push({ id: 'CP473124829CH', to: 'collected', place: 'van' });
  const summary = await client.parcels.scanBatch(scans);
  assert.deepEqual([summary.accepted, summary.rejected], [6, 2]);
  assert.deepEqual(
    summary.rejections.map(({ index, error }) => [index, error]),
    [
      [1, 'IllegalMove'],
      [7, 'ParcelNotFound'],
    ],
  );
});

test('a batch of thousands is counted whole, and names the first hundred that were refused', async (context) => {
  const client = await setUp(context);
  function* scans() {
    for (let index = 0; index < 2000; index++) {
      yield { id: 'CP473124829CH', to: 'collected', place: `van ${index}` } as const;
    }
  }
  const summary = await client.parcels.scanBatch(scans());
  assert.deepEqual([summary.accepted, summary.rejected], [0, 2000]);
  assert.equal(summary.rejections.length, 100);
});

test('a scanner is told what to do with each parcel', async (context) => {
  const client = await setUp(context);
  const { id } = await client.parcels.register(REGISTRATION);
  const { id: same } = await client.parcels.register(REGISTRATION);
  const scans: Scan[] = [
    { id, to: 'collected', place: 'van 7' },
    { id: same, to: 'collected', place: 'van 7' },
    { id, to: 'arrived', place: 'depot Bern' },
    { id: same, to: 'arrived', place: 'depot Bern' },
    { id, to: 'delivered', place: 'door' },
  ];
  const lanes: (number | undefined)[] = [];
  const actions: string[] = [];
  for await (const { action, lane } of client.parcels.sort(scans)) {
    actions.push(action);
    if (action === 'sort') lanes.push(lane);
  }
  assert.deepEqual(actions, ['release', 'release', 'sort', 'sort', 'hold']);
  assert.equal(lanes[0], lanes[1], 'parcels for one city share a lane');
  assert.ok(lanes[0]! >= 1 && lanes[0]! <= 12);
});

test('registrations, moves and deliveries are published', async (context) => {
  const client = await setUp(context);
  const subjects: string[] = [];
  const received = (async () => {
    for await (const { subject } of client.events.subscribeSubject('parcels.>', { after: '0' })) {
      subjects.push(subject);
      if (subject === 'parcels.delivered') return;
    }
  })();
  const { id } = await client.parcels.register(REGISTRATION);
  for (const [to, place] of WAY) await client.parcels.move({ id, to, place });
  await received;
  assert.deepEqual(subjects, [
    'parcels.registered',
    ...WAY.map(() => `parcels.moved.${id}`),
    'parcels.delivered',
  ]);
});

test('state survives a restart, also with a last line that was cut short', async (context) => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'parcels-'));
  context.after(() => rm(dataDirectory, { recursive: true }));
  const warnings = context.mock.method(console, 'warn', () => {});
  const run = async <T>(work: (client: Client<typeof parcels>) => Promise<T>): Promise<T> => {
    await using hub = await startHub(createApplication(), { dataDirectory });
    return await work(hub.client(parcels));
  };
  const { id } = await run(async (client) => {
    const parcel = await client.parcels.register(REGISTRATION);
    await client.parcels.move({ id: parcel.id, to: 'collected', place: 'van 7' });
    return await client.parcels.get({ id: parcel.id });
  });
  const journal = join(dataDirectory, 'applications/parcels/parcels.jsonl');
  const before = await readFile(journal, 'utf8');
  await appendFile(journal, '{"moved":{"id":"CP00');
  await run(async (client) => {
    const parcel = await client.parcels.get({ id });
    assert.deepEqual([parcel.status, parcel.place], ['collected', 'van 7']);
    assert.equal((await client.parcels.history({ id })).moves.length, 1);
    assert.equal((await client.parcels.register(REGISTRATION)).id, 'CP000000028CH');
  });
  assert.match(String(warnings.mock.calls[0]?.arguments[0]), /line 3, the last, was cut short/);
  assert.ok((await readFile(journal, 'utf8')).startsWith(before));
  await run(async (client) => assert.equal((await client.parcels.count()).total, 2));
});

test('what was answered is still there after kill -9', async (context) => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'parcels-kill-'));
  context.after(() => rm(dataDirectory, { recursive: true }));
  const program = `
    import { startHub } from '#polywire/testing';
    import { createApplication } from './examples/parcels/app.ts';
    const hub = await startHub(createApplication(), { dataDirectory: process.argv[1] });
    console.log(hub.url);`;
  const child = spawn(
    process.execPath,
    ['--input-type=module-typescript', '-e', program, dataDirectory],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  context.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = line.toString().trim();
  const answered: string[] = [];
  const workers = Array.from({ length: 8 }, async () => {
    for (;;) {
      const response = await fetch(`${url}/parcels`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(REGISTRATION),
      });
      answered.push(((await response.json()) as { id: string }).id);
      if (answered.length === 100) child.kill('SIGKILL');
    }
  });
  await Promise.allSettled(workers);
  await using hub = await startHub(createApplication(), { dataDirectory });
  const client = hub.client(parcels);
  assert.ok(answered.length >= 100);
  for (const id of answered) assert.equal((await client.parcels.get({ id })).id, id);
});
