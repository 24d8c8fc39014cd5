/** Records what a client and a broker say to each other: a proxy that pairs requests with responses. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Exchange {
  readonly client: string;
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Frames without their four bytes of length. */
  readonly request: Buffer;
  readonly response: Buffer;
}

/** Splits a stream at its four-byte lengths. */
function frames(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
      const end = 4 + held.readUInt32BE(0);
      take(held.subarray(4, end));
      held = held.subarray(end);
    }
  };
}

export class Recorder {
  /** Who speaks on the connections that are made from now on. */
  client = 'unknown';
  readonly exchanges: Exchange[] = [];

  /** Stands at one port for the broker at another. */
  listen(port: number, brokerPort: number): Server {
    return createServer((socket) => this.#pair(socket, brokerPort)).listen(port, '127.0.0.1');
  }

  #pair(client: Socket, brokerPort: number): void {
    const name = this.client;
    const broker = connect(brokerPort, '127.0.0.1');
    const waiting = new Map<number, Buffer>();
    const onRequest = frames((frame) => waiting.set(frame.readInt32BE(4), frame));
    const onResponse = frames((response) => {
      const request = waiting.get(response.readInt32BE(0));
      if (request === undefined) return;
      waiting.delete(response.readInt32BE(0));
      const [apiKey, apiVersion] = [request.readInt16BE(0), request.readInt16BE(2)];
      this.exchanges.push({ client: name, apiKey, apiVersion, request, response });
    });
    client.on('data', onRequest).pipe(broker);
    broker.on('data', onResponse).pipe(client);
    client.on('error', () => broker.destroy());
    broker.on('error', () => client.destroy());
  }
}
