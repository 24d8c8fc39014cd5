import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { contract, implement, query, service } from '../index.ts';
import { startHub } from './index.ts';

const answers = contract({
  name: 'answers',
  version: '1.0.0',
  services: {
    answers: service({ operations: { get: query({ output: { type: 'integer' } as const }) } }),
  },
});

const application = (lifecycle = {}) =>
  implement(answers, { answers: { get: () => 42 } }, lifecycle);

test('a hub is served on a free port, and is gone after the block', async () => {
  let url = '';
  {
    await using hub = await startHub(application());
    url = hub.url;
    assert.equal(await hub.client(answers).answers.get(), 42);
    assert.equal(hub.hub.state, 'ready');
  }
  await assert.rejects(fetch(url));
});

test('two hubs run side by side', async () => {
  await using one = await startHub(application());
  await using two = await startHub([application()]);
  assert.notEqual(one.port, two.port);
  for (const hub of [one, two]) assert.equal(await hub.client(answers).answers.get(), 42);
});

test('an application gets a folder that goes away with the hub, and is stopped', async () => {
  let folder = '';
  let stopped = 0;
  const hub = await startHub(
    application({
      start: ({ dataDirectory }: { dataDirectory: string }) => {
        folder = dataDirectory;
      },
      stop: () => {
        stopped++;
      },
    }),
  );
  assert.ok(existsSync(folder));
  await hub.close();
  await hub.close();
  assert.ok(!existsSync(folder));
  assert.equal(stopped, 1);
});

test('what an application throws at its start comes out, and nothing keeps running', async () => {
  const failing = application({
    start: () => {
      throw new Error('no disk');
    },
  });
  await assert.rejects(startHub(failing), /no disk/);
});

test('options are those of polywire.yaml, and a wrong one is refused', async () => {
  await using hub = await startHub(application(), {
    config: { protocols: { rest: { docs: false } }, hub: { defaultDeadlineMs: 1000 } },
  });
  assert.equal((await fetch(`${hub.url}/docs`)).status, 404);
  await assert.rejects(startHub(application(), { config: { hub: { deadline: 5 } } }), /deadline/);
});

test('closing does not wait for who keeps a connection open', async () => {
  const hub = await startHub(application());
  const socket = connect(hub.port, hub.host);
  const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
  await new Promise((resolve) => socket.on('connect', resolve));
  await hub.close();
  await closed;
});
