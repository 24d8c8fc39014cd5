import net from 'node:net';
import { FrameReader } from '../../src/protocols/kafka/frames.ts';
import { HANDLERS } from '../../src/protocols/kafka/handlers.ts';
import type { Draft } from '../../src/protocols/kafka/wire/fields.ts';
import type { Message } from '../../src/protocols/kafka/wire/message.ts';
import { Reader } from '../../src/protocols/kafka/wire/reader.ts';
import { frame } from '../../src/protocols/kafka/wire/writer.ts';
import { until } from './until.ts';

const API_VERSIONS = 18;

interface Waiting {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** A connection on which a test says exactly what it wants; answers come by their order. */
export class RawKafka {
  readonly socket: net.Socket;
  closed = false;
  readonly #frames = new FrameReader(200_000_000);
  readonly #waiting: Waiting[] = [];
  #correlation = 0;
  /** Correlation ids in the order in which answers came. */
  readonly answered: number[] = [];

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('closed'));
    });
    this.socket.on('data', (bytes) => {
      this.#frames.push(bytes, (body) => {
        if (body.length >= 4) this.answered.push(body.readInt32BE(0));
        this.#waiting.shift()?.resolve(body);
      });
    });
  }

  /** The frame of a request. */
  encode(key: number, version: number, request: object, clientId: string | null = 'raw'): Buffer {
    const api = HANDLERS.get(key)!;
    const message = api.request as unknown as Message<unknown, unknown>;
    const correlation = ++this.#correlation;
    return Buffer.concat(
      frame((writer) => {
        writer.int16(key);
        writer.int16(version);
        writer.int32(correlation);
        writer.string(clientId, false);
        if (message.flexible(version)) writer.noTags();
        message.write(writer, version, request);
      }),
    );
  }

  /** Sends bytes as they are; answers the next response's body. */
  async send(bytes: Buffer): Promise<Buffer> {
    const answer = new Promise<Buffer>((resolve, reject) => {
      if (this.closed) reject(new Error('closed'));
      else this.#waiting.push({ resolve, reject });
    });
    this.socket.write(bytes);
    return answer;
  }

  /** What is answered, as the tables say. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
  async call(key: number, version: number, request: Draft<object>): Promise<any> {
    return this.decode(key, version, await this.send(this.encode(key, version, request)));
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
  decode(key: number, version: number, body: Buffer): any {
    const api = HANDLERS.get(key)!;
    const message = api.response as unknown as Message<unknown, unknown>;
    const reader = new Reader(body, 4);
    if (message.flexible(version) && key !== API_VERSIONS) reader.skipTags();
    const value = message.read(reader, version);
    if (reader.remaining !== 0) throw new Error(`${reader.remaining} bytes are left`);
    return value;
  }

  untilClosed(): Promise<void> {
    return until('the connection is closed', () => this.closed);
  }

  end(): void {
    this.socket.destroy();
  }
}
