import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { EVENTS_FILE } from '../../../src/protocols/grpc/events.ts';
import { protoText } from '../../../src/wire/protobuf/proto-text.ts';
import type { Address } from '../driver.ts';
import type { Publisher, Receiver, Sent } from './driver.ts';

/** The service polywire.Events, by @grpc/grpc-js. */

const SERVICE = `
service Events {
  rpc Publish (PublishRequest) returns (PublishResponse);
  rpc Subscribe (SubscribeRequest) returns (stream Delivery);
}
`;

/** What is empty is not there: protobuf does not send it. */
interface GrpcMessage {
  readonly key?: string;
  readonly headers?: readonly { readonly name: string; readonly value?: string }[];
  readonly payload?: Buffer;
  readonly contentType?: string;
}

type Client = grpc.Client & {
  publish(request: object, done: (error: Error | null) => void): void;
  subscribe(request: object): grpc.ClientReadableStream<unknown>;
};

function connect({ host, port }: Address): Client {
  const folder = mkdtempSync(join(tmpdir(), 'polywire-matrix-'));
  const file = join(folder, 'events.proto');
  writeFileSync(file, protoText(EVENTS_FILE) + SERVICE);
  const types = grpc.loadPackageDefinition(loadSync(file)) as unknown as {
    readonly polywire: { readonly Events: new (...from: unknown[]) => Client };
  };
  rmSync(folder, { recursive: true });
  return new types.polywire.Events(`${host}:${port}`, grpc.credentials.createInsecure());
}

export function grpcPublisher(address: Address): Publisher {
  const client = connect(address);
  return {
    publish: (subject, messages) =>
      new Promise((resolve, reject) => {
        const request = { messages: messages.map((message) => messageOf(subject, message)) };
        client.publish(request, (error) => (error === null ? resolve() : reject(error)));
      }),
    close: () => client.close(),
  };
}

function messageOf(subject: string, { key, headers, payload, contentType }: Sent): object {
  return {
    subject,
    headers: headers.map(([name, value]) => ({ name, value })),
    payload,
    ...(key === undefined ? {} : { key }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

export function grpcReceiver(address: Address): Receiver {
  const client = connect(address);
  return {
    async receive(subject, take) {
      const call = client.subscribe({ filter: subject, from: 'start' });
      call.on('data', ({ message }: { readonly message: GrpcMessage }) => {
        const { key = null, headers = [], payload = Buffer.alloc(0), contentType } = message;
        const pairs = headers.map(({ name, value = '' }) => [name, value] as const);
        take({ payload, key, headers: pairs, contentType });
      });
      // Left on purpose: what else ends it shows as messages that never come.
      call.on('error', () => {});
      return { stop: () => call.cancel() };
    },
    close: () => client.close(),
  };
}
