import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { eventually } from '../../test/support/listener.ts';
import { Meter } from '../hub/diagnostics.ts';
import type { Peer, Receiver } from '../hub/transport.ts';
import { StreamConnection } from './stream-connection.ts';

const peer: Peer = { address: 'stdio', port: undefined, transport: 'stdio', secure: false };

class Recorder implements Receiver {
  readonly events: string[] = [];
  onData: (text: string) => void = () => undefined;
  data(bytes: Buffer): void {
    this.events.push(bytes.toString());
    this.onData(bytes.toString());
  }
  ended(): void {
    this.events.push('ended');
  }
  drained(): void {
    this.events.push('drained');
  }
  closed(): void {
    this.events.push('closed');
  }
  drain(): void {}
}

/** Keeps each write apart, as the operating system sees them. */
class Writes extends Writable {
  readonly all: string[] = [];
  held: (() => void)[] | undefined;
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.all.push(chunk.toString());
    if (this.held === undefined) done();
    else this.held.push(done);
  }
}

test('what is written in one turn goes out as one write', async () => {
  const output = new Writes();
  const input = new PassThrough();
  const connection = new StreamConnection(input, output, { peer });
  const recorder = new Recorder();
  recorder.onData = () => {
    connection.write('a');
    connection.write(Buffer.from('ü'));
    connection.write('b');
    assert.deepEqual(output.all, []);
  };
  connection.become(recorder);
  input.write('go');
  await eventually(() => output.all.length === 1, 'the write behind a read');
  assert.deepEqual(output.all, ['aüb']);
  connection.write('c');
  await Promise.resolve();
  connection.write('d');
  await eventually(() => output.all.length === 2, 'the write of a turn');
  assert.equal(output.all[1], 'cd');
  connection.destroy();
  await eventually(() => recorder.events.includes('closed'), 'the close');
});

test('a queue that is too long says so, and tells when it is empty', async () => {
  const output = new Writes();
  output.held = [];
  const connection = new StreamConnection(new PassThrough(), output, { peer, maxQueuedBytes: 10 });
  const recorder = new Recorder();
  connection.become(recorder);
  assert.equal(connection.write('12345'), true);
  assert.equal(connection.write('67890'), false);
  assert.equal(connection.queuedBytes, 10);
  await eventually(() => output.all.length === 1, 'the write');
  assert.deepEqual(recorder.events, []);
  output.held.shift()!();
  await eventually(() => recorder.events.includes('drained'), 'the queue is empty');
  assert.equal(connection.queuedBytes, 0);
  connection.destroy();
});

test('ending sends what is queued; the receiver is told of the close once', async () => {
  const output = new Writes();
  const input = new PassThrough();
  const connection = new StreamConnection(input, output, { peer });
  const recorder = new Recorder();
  connection.become(recorder);
  connection.write('last words');
  connection.end();
  connection.write('too late');
  input.end();
  await eventually(() => recorder.events.includes('closed'), 'the close');
  connection.destroy();
  connection.end();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(output.all, ['last words']);
  assert.deepEqual(recorder.events, ['closed']);
});

test('a peer stalls while it takes nothing of what waits for it', async () => {
  const output = new Writes();
  output.held = [];
  const connection = new StreamConnection(new PassThrough(), output, { peer });
  assert.equal(connection.stalledMs(1_000), 0);
  connection.write('first');
  connection.write('second');
  connection.flush();
  assert.equal(connection.stalledMs(2_000), 0);
  assert.equal(connection.stalledMs(3_000), 1_000);
  output.held.shift()!();
  await eventually(() => connection.queuedBytes === 0, 'the peer has taken it');
  assert.equal(connection.stalledMs(4_000), 0);
});

test('a receiver that throws loses its connection and nothing else', async () => {
  const input = new PassThrough();
  const connection = new StreamConnection(input, new Writes(), { peer });
  const meter = new Meter('test');
  connection.countFor(meter, true);
  const recorder = new Recorder();
  recorder.onData = () => {
    throw new Error('a mistake');
  };
  connection.become(recorder);
  input.write('x');
  await eventually(() => recorder.events.includes('closed'), 'the close');
  assert.deepEqual([meter.connections, meter.bytesIn], [0, 1]);
});

test('a reader that pauses gets nothing until it resumes', async () => {
  const input = new PassThrough();
  const connection = new StreamConnection(input, new Writes(), { peer });
  const recorder = new Recorder();
  recorder.onData = () => connection.pause();
  connection.become(recorder);
  input.write('one');
  await eventually(() => recorder.events.length === 1, 'the first');
  input.write('two');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(recorder.events, ['one']);
  connection.resume();
  await eventually(() => recorder.events.length === 2, 'the second');
  connection.destroy();
});
