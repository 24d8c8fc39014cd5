import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Diagnostics } from '../../src/hub/diagnostics.ts';
import type { Route } from '../../src/hub/protocol.ts';
import {
  createListener,
  type Listener,
  type ListenerSettings,
  type Mounted,
} from '../../src/net/listener.ts';
import { completeNetOptions } from '../../src/net/options.ts';

export interface TestListener {
  readonly listener: Listener;
  readonly diagnostics: Diagnostics;
  readonly port: number;
  readonly url: string;
}

export interface TestListenerOptions extends ListenerSettings {
  readonly routes?: readonly Route[];
  readonly options?: Parameters<typeof completeNetOptions>[0];
  readonly mounted?: (diagnostics: Diagnostics) => readonly Mounted[];
}

/** Opens a listener on a free port, whose routes belong to the protocol `test`. */
export async function withListener(
  test: TestListenerOptions,
  run: (opened: TestListener) => Promise<void>,
): Promise<void> {
  const diagnostics = new Diagnostics();
  const options = completeNetOptions({
    ...test.options,
    listen: { port: 0, ...test.options?.listen },
  });
  const mounted: Mounted[] = [
    {
      protocol: { name: 'test' },
      server: { routes: test.routes ?? [], tryIt: () => [] },
      meter: diagnostics.meter('test'),
    },
    ...(test.mounted?.(diagnostics) ?? []),
  ];
  const listener = await createListener(options, mounted, diagnostics, test);
  try {
    const { port, url } = listener.address;
    await run({ listener, diagnostics, port, url });
  } finally {
    await listener.close();
  }
}

/** A raw client: sends text, collects what comes, in Latin-1. */
export class RawClient {
  readonly socket: net.Socket;
  received = '';
  closed = false;

  constructor(where: number | string) {
    this.socket = typeof where === 'number' ? net.connect(where, '127.0.0.1') : net.connect(where);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (part: string) => (this.received += part));
    // A reset is a way to be closed.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.closed = true));
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'));
  }

  /** What came, once `enough` says so. @throws Error with what came, after five seconds */
  async until(enough: (received: string) => boolean): Promise<string> {
    const deadline = Date.now() + 5_000;
    while (!enough(this.received)) {
      if (Date.now() > deadline) throw new Error(`not enough: ${JSON.stringify(this.received)}`);
      await sleep(2);
    }
    return this.received;
  }

  async untilClosed(): Promise<string> {
    await this.until(() => this.closed);
    return this.received;
  }
}

/** Sends everything at once and answers what came until the server closed. */
export async function talk(where: number | string, text: string): Promise<string> {
  const client = new RawClient(where);
  client.send(text);
  try {
    return await client.untilClosed();
  } finally {
    client.socket.destroy();
  }
}

export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await sleep(2);
  }
}
