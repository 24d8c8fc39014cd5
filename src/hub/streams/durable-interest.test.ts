import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../model/message.ts';
import { MemoryEngine } from './memory-engine.test-support.ts';
import { originOf, Receiver, streamHub } from './streams.test-support.ts';

function message(subject: string, text: string): Message {
  return {
    subject,
    key: undefined,
    headers: [],
    payload: Buffer.from(text),
    contentType: undefined,
    timeMs: 1,
    id: text,
    source: 'test',
    trace: undefined,
  };
}

test('what somebody wants to be kept is there for them after a restart, once', async () => {
  const engine = new MemoryEngine();
  const { hub } = await streamHub({ engine });
  const origin = originOf(hub);
  await hub.streams!.keep('test/one', ['a.*', 'b']);
  await hub.streams!.keep('test/two', ['a.>']);
  const live = new Receiver(hub, { filter: '>', credit: 100 });
  await hub.publish([message('a.x', '1'), message('c', '2'), message('b', '3')], origin);
  await live.count(3);
  const place = live.deliveries.at(-1)!.position;
  await hub.stop();

  const next = (await streamHub({ engine })).hub;
  const stream = engine.stream('__undirected')!;
  assert.equal(stream.partitions[0]!.endOffset, 2);
  // Published before whoever wants it is there again.
  await next.publish([message('a.y', '4'), message('c', '5')], originOf(next));
  const back = new Receiver(next, { filter: 'a.>', credit: 100, after: place });
  await back.count(1);
  assert.deepEqual(
    back.deliveries.map((one) => one.message.id),
    ['4'],
  );
  const all = new Receiver(next, { filter: '>', credit: 100, from: 'start' });
  await all.count(4);
  assert.deepEqual(all.deliveries.map((one) => one.message.id).sort(), ['1', '3', '4', '5']);

  await next.streams!.keep('test/one', []);
  await next.streams!.keep('test/two', []);
  await next.publish([message('a.z', '6')], originOf(next));
  assert.equal(stream.partitions[0]!.endOffset, 3);
  await next.stop();
});
