import { once } from 'node:events';
import { JSONRPCClient, type JSONRPCResponse } from 'json-rpc-2.0';
import { WebSocket } from 'ws';
import type { MessageJson } from '../../../src/wire/jsonrpc/methods.ts';
import type { Address } from '../driver.ts';
import type { Publisher, Receiver } from './driver.ts';
import { gotOf, messageJson } from './json-message.ts';

interface Deliver {
  readonly method?: string;
  readonly params?: { readonly messages?: readonly MessageJson[] };
}

class Conversation {
  readonly client: JSONRPCClient;
  onMessages: (messages: readonly MessageJson[]) => void = () => {};
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.client = new JSONRPCClient((request) => socket.send(JSON.stringify(request)));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Deliver;
      if (message.method === 'rpc.deliver') this.onMessages(message.params?.messages ?? []);
      else this.client.receive(message as JSONRPCResponse);
    });
  }

  static async open({ host, port }: Address): Promise<Conversation> {
    const socket = new WebSocket(`ws://${host}:${port}/ws`);
    await once(socket, 'open');
    return new Conversation(socket);
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** A WebSocket, by ws and json-rpc-2.0. */
export async function webSocketPublisher(address: Address): Promise<Publisher> {
  const conversation = await Conversation.open(address);
  return {
    async publish(subject, messages) {
      const params = { messages: messages.map((message) => messageJson(subject, message)) };
      await conversation.client.request('rpc.publish', params);
    },
    close: () => conversation.close(),
  };
}

export function webSocketReceiver(address: Address): Receiver {
  return {
    async receive(subject, take) {
      const conversation = await Conversation.open(address);
      conversation.onMessages = (messages) => {
        for (const message of messages) take(gotOf(message));
      };
      await conversation.client.request('rpc.subscribe', { filter: subject, from: 'start' });
      return { stop: () => conversation.close() };
    },
  };
}
