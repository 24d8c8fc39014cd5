import { once } from 'node:events';
import { connect } from 'node:net';
import { JSONRPCClient, type JSONRPCRequest, type JSONRPCResponse } from 'json-rpc-2.0';
import { WebSocket } from 'ws';
import { Fault } from '../../../src/model/fault.ts';
import type { Address, CreateDriver, Driver, DriverOptions } from '../driver.ts';

/** Sends texts, and hands over the texts that come. */
export interface Wire {
  send(text: string): void;
  onText: (text: string) => void;
  close(): void;
}

const CREDIT = 1_000;

export async function overTcp({ host, port }: Address): Promise<Wire> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  const wire: Wire = {
    send: (text) => socket.write(`${text}\n`),
    onText: () => {},
    close: () => socket.destroy(),
  };
  // Not node:readline: it also splits at U+2028, which JSON texts may hold.
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      wire.onText(line);
    }
  });
  return wire;
}

export async function overWebSocket({ host, port }: Address): Promise<Wire> {
  const socket = new WebSocket(`ws://${host}:${port}/ws`);
  await once(socket, 'open');
  const wire: Wire = {
    send: (text) => socket.send(text),
    onText: () => {},
    close: () => socket.terminate(),
  };
  socket.on('message', (data) => wire.onText(String(data)));
  return wire;
}

interface Running {
  onItems?(items: unknown[]): void;
}

/** A conversation led by the json-rpc-2.0 package; the stream notifications as documented. */
class Conversation {
  readonly #wire: Wire;
  readonly #client: JSONRPCClient;
  readonly #running = new Map<number, Running>();
  #id = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#client = new JSONRPCClient((request) => wire.send(JSON.stringify(request)));
    wire.onText = (text) => this.#receive(JSON.parse(text));
  }

  close(): void {
    this.#wire.close();
  }

  async call(
    method: string,
    params: unknown,
    options: DriverOptions,
    items?: AsyncIterable<unknown>,
    onItems?: (items: unknown[]) => void,
  ): Promise<unknown> {
    const id = ++this.#id;
    const cancel = (): void => this.#client.notify('rpc.cancel', { id });
    this.#running.set(id, onItems === undefined ? {} : { onItems });
    const answer = this.#client.requestAdvanced({
      jsonrpc: '2.0',
      id,
      method,
      params: params as object,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(onItems === undefined ? {} : { credit: CREDIT }),
    } as JSONRPCRequest);
    options.signal?.addEventListener('abort', cancel, { once: true });
    const sending = items === undefined ? undefined : this.#send(id, items);
    try {
      const { error, result } = await answer;
      if (error !== undefined) throw Fault.fromJSON({ message: error.message, ...error.data });
      return result;
    } finally {
      this.#running.delete(id);
      sending?.catch(() => {
        // The call is over; its items are nobody's any more.
      });
    }
  }

  async #send(id: number, items: AsyncIterable<unknown>): Promise<void> {
    for await (const item of items) {
      if (!this.#running.has(id)) return;
      this.#client.notify('rpc.items', { id, items: [item] });
    }
    if (this.#running.has(id)) this.#client.notify('rpc.end', { id });
  }

  #receive(message: { method?: string; params?: { id: number; items: unknown[] } }): void {
    if (message.method === undefined) this.#client.receive(message as JSONRPCResponse);
    else if (message.method === 'rpc.items') {
      this.#running.get(message.params!.id)?.onItems?.(message.params!.items);
    }
  }
}

function sessionDriver(open: (address: Address) => Promise<Wire>): CreateDriver {
  return (address) => {
    const conversations = new Map<string, Promise<Conversation>>();

    async function start(token: string | undefined): Promise<Conversation> {
      const conversation = new Conversation(await open(address));
      if (token !== undefined) await conversation.call('rpc.authenticate', { token }, {});
      return conversation;
    }

    /** One connection for each caller: credentials belong to the connection. */
    function as(token: string | undefined): Promise<Conversation> {
      const name = token ?? '';
      let conversation = conversations.get(name);
      if (conversation === undefined) {
        conversation = start(token);
        conversations.set(name, conversation);
        conversation.catch(() => conversations.delete(name));
      }
      return conversation;
    }

    async function* stream(
      operation: string,
      params: unknown,
      options: DriverOptions,
      items?: AsyncIterable<unknown>,
    ): AsyncGenerator<unknown, void> {
      const all: unknown[] = [];
      const conversation = await as(options.token);
      await conversation.call(operation, params, options, items, (more) => all.push(...more));
      yield* all;
    }

    const driver: Driver = {
      unary: async (operation, input, options) =>
        (await as(options.token)).call(operation, input, options),
      clientStream: async (operation, items, options) =>
        (await as(options.token)).call(operation, undefined, options, items),
      serverStream: (operation, input, options) => stream(operation, input, options),
      bidirectional: (operation, items, options) => stream(operation, undefined, options, items),
      close: async () => {
        for (const conversation of conversations.values()) (await conversation).close();
      },
    };
    return driver;
  };
}

export const tcpDriver = sessionDriver(overTcp);
export const webSocketDriver = sessionDriver(overWebSocket);
