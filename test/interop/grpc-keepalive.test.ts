/**
 * Keepalive of gRPC: PINGs in both directions over connections that a relay watches, and can cut
 * without either side being told (https://github.com/grpc/grpc/blob/master/doc/keepalive.md).
 */
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { contract, implement, query, service, stream } from '../../src/index.ts';
import { startHub } from '../../src/testing/index.ts';
import { until } from './until.ts';

const Tick = {
  type: 'object',
  properties: { tick: { type: 'integer' } },
  required: ['tick'],
} as const;

const clock = contract({
  name: 'clock',
  version: '1.0.0',
  services: { clock: service({ operations: { ticks: query({ output: stream(Tick) }) } }) },
});

const PING = 6;

/** Frames of one direction, by type; `ack` ones apart. */
class Watch {
  pings = 0;
  acks = 0;
  #rest: Buffer;
  #skip: number;

  /** @param preface bytes before the first frame */
  constructor(preface: number) {
    this.#rest = Buffer.alloc(0);
    this.#skip = preface;
  }

  push(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (this.#skip > 0) {
      if (this.#rest.length < this.#skip) return;
      this.#rest = this.#rest.subarray(this.#skip);
      this.#skip = 0;
    }
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      if (this.#rest[3] === PING) {
        if ((this.#rest[4]! & 1) === 0) this.pings++;
        else this.acks++;
      }
      this.#rest = this.#rest.subarray(end);
    }
  }
}

class Relay {
  readonly fromClient = new Watch(24);
  readonly fromHub = new Watch(0);
  /** Nothing passes any more, and nobody is told. */
  cut = false;
  connections = 0;
  port = 0;

  async start(hubPort: number, context: TestContext): Promise<this> {
    const server = net.createServer((client) => {
      this.connections++;
      const hub = net.connect(hubPort, '127.0.0.1');
      client.on('data', (bytes: Buffer) => {
        if (this.cut) return;
        this.fromClient.push(bytes);
        hub.write(bytes);
      });
      hub.on('data', (bytes: Buffer) => {
        if (this.cut) return;
        this.fromHub.push(bytes);
        client.write(bytes);
      });
      for (const [one, other] of [
        [client, hub],
        [hub, client],
      ] as const) {
        one.on('error', () => undefined);
        one.on('close', () => {
          if (!this.cut) other.destroy();
        });
        context.after(() => one.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => server.close());
    this.port = (server.address() as net.AddressInfo).port;
    return this;
  }
}

interface Setting {
  readonly http2?: object;
  readonly client?: grpc.ChannelOptions;
}

/** A stream from a handler that answers when it is told, through a relay, to a client of grpc-js. */
async function open(context: TestContext, setting: Setting) {
  let tick: (() => void) | undefined;
  const ended = Promise.withResolvers<unknown>();
  const application = implement(clock, {
    clock: {
      ticks: async function* (_, { signal }) {
        signal.addEventListener('abort', () => ended.resolve(signal.reason), { once: true });
        for (let count = 0; ; count++) {
          yield { tick: count };
          await new Promise<void>((resolve) => {
            tick = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
          if (signal.aborted) return;
        }
      },
    },
  });
  const hub = await startHub([application], { config: { http2: setting.http2 ?? {} } });
  context.after(() => hub.close());
  const relay = await new Relay().start(hub.port, context);
  const client = new grpc.Client(`127.0.0.1:${relay.port}`, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    ...setting.client,
  });
  context.after(() => client.close());
  const same = (bytes: Buffer): Buffer => bytes;
  const call = client.makeServerStreamRequest('/clock.Clock/Ticks', same, same, Buffer.alloc(0));
  const items: Buffer[] = [];
  const failed = new Promise<grpc.ServiceError>((resolve) => call.on('error', resolve));
  call.on('data', (bytes: Buffer) => items.push(bytes));
  await until('the first item', () => items.length === 1);
  return { hub, relay, call, items, failed, ended: ended.promise, tick: () => tick!() };
}

describe('keepalive', () => {
  it('answers the PINGs of a client, whose idle stream goes on', async (context) => {
    const { relay, items, tick, call } = await open(context, {
      client: { 'grpc.keepalive_time_ms': 20, 'grpc.keepalive_timeout_ms': 10_000 },
    });
    await until('ten answers to PING', () => relay.fromHub.acks >= 10);
    assert.ok(relay.fromClient.pings >= 10);
    tick();
    await until('the second item', () => items.length === 2);
    assert.equal(relay.connections, 1);
    call.cancel();
  });

  it('lets a client notice that the hub is gone', async (context) => {
    const { relay, failed } = await open(context, {
      client: { 'grpc.keepalive_time_ms': 20, 'grpc.keepalive_timeout_ms': 100 },
    });
    await until('an answer to PING', () => relay.fromHub.acks >= 1);
    relay.cut = true;
    assert.equal((await failed).code, grpc.status.UNAVAILABLE);
  });

  it('asks silent clients where that is configured, and goes on with those that answer', async (context) => {
    const { relay, items, tick, call } = await open(context, { http2: { pingIntervalMs: 50 } });
    await until(
      'three PINGs of the hub',
      () => relay.fromHub.pings >= 3 && relay.fromClient.acks >= 3,
    );
    tick();
    await until('the second item', () => items.length === 2);
    assert.equal(relay.connections, 1);
    call.cancel();
  });

  it('gives up clients that do not answer: their handlers are told', async (context) => {
    const { relay, ended } = await open(context, { http2: { pingIntervalMs: 50 } });
    relay.cut = true;
    assert.equal(((await ended) as { code: string }).code, 'CANCELLED');
  });

  it('sends a client that pings without end away, in the words that make clients slow down', async (context) => {
    const hub = await startHub([implement(clock, { clock: { ticks: async function* () {} } })], {
      config: { http2: { idleFrames: 50 } },
    });
    context.after(() => hub.close());
    const session = http2.connect(hub.url);
    session.on('error', () => undefined);
    const goneAway = new Promise<[number, string]>((resolve) => {
      session.on('goaway', (code, _, data) => resolve([code, String(data)]));
    });
    const more = (error: Error | null): void => {
      if (error === null) session.ping(more);
    };
    session.on('connect', () => session.ping(more));
    assert.deepEqual(await goneAway, [http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 'too_many_pings']);
  });
});
