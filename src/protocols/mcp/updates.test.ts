import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Updates } from './updates.ts';

class Client {
  open = true;
  full = false;
  told: string[] = [];
  #wake: (() => void) | undefined;

  send(uri: string): boolean {
    this.told.push(uri);
    return !this.full;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async read(): Promise<void> {
    this.full = false;
    this.#wake?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('news for a client', () => {
  it('are told at once while it reads', () => {
    const client = new Client();
    const updates = new Updates(client);
    for (const uri of ['a', 'a', 'b']) updates.updated(uri);
    assert.deepEqual(client.told, ['a', 'a', 'b']);
  });

  it('are one for each resource while it does not', async () => {
    const client = new Client();
    const updates = new Updates(client);
    client.full = true;
    for (let count = 0; count < 1000; count++) {
      updates.updated('a');
      updates.updated('b');
    }
    assert.deepEqual(client.told, ['a']);
    await client.read();
    assert.deepEqual(client.told.toSorted(), ['a', 'a', 'b']);
  });

  it('wait for one that is away, but not for a resource that it left', () => {
    const client = new Client();
    const updates = new Updates(client);
    client.open = false;
    updates.updated('a');
    updates.updated('b');
    updates.forget('a');
    assert.deepEqual(client.told, []);
    client.open = true;
    updates.flush();
    assert.deepEqual(client.told, ['b']);
  });
});
