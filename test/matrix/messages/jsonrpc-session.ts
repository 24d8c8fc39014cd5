import { JSONRPCClient, type JSONRPCResponse } from 'json-rpc-2.0';
import type { MessageJson } from '../../../src/wire/jsonrpc/methods.ts';
import type { Address } from '../driver.ts';
import { overTcp, overWebSocket, type Wire } from '../drivers/jsonrpc-session.ts';
import type { Publisher, Receiver } from './driver.ts';
import { gotOf, messageJson } from './json-message.ts';

/** JSON-RPC over a connection, led by the json-rpc-2.0 package. */

type Open = (address: Address) => Promise<Wire>;

interface Notification {
  readonly method?: string;
  readonly params?: { readonly messages?: readonly MessageJson[] };
}

function converse(wire: Wire, take: (message: MessageJson) => void): JSONRPCClient {
  const client = new JSONRPCClient((request) => wire.send(JSON.stringify(request)));
  wire.onText = (text) => {
    const message = JSON.parse(text) as Notification;
    if (message.method === undefined) client.receive(message as JSONRPCResponse);
    else if (message.method === 'rpc.deliver')
      for (const one of message.params!.messages!) take(one);
  };
  return client;
}

function publisher(open: Open): (address: Address) => Promise<Publisher> {
  return async (address) => {
    const wire = await open(address);
    const client = converse(wire, () => {});
    return {
      async publish(subject, messages) {
        const params = { messages: messages.map((message) => messageJson(subject, message)) };
        await client.request('rpc.publish', params);
      },
      close: () => wire.close(),
    };
  };
}

function receiver(open: Open): (address: Address) => Receiver {
  return (address) => ({
    async receive(subject, take) {
      const wire = await open(address);
      const client = converse(wire, (message) => take(gotOf(message)));
      await client.request('rpc.subscribe', { filter: subject, from: 'start' });
      return { stop: () => wire.close() };
    },
  });
}

export const webSocketPublisher = publisher(overWebSocket);
export const webSocketReceiver = receiver(overWebSocket);
export const tcpReceiver = receiver(overTcp);
