import type { Exchange } from '../../hub/transport.ts';
import { Channel } from '../../model/channel.ts';
import { Fault } from '../../model/fault.ts';
import { Base64Stream } from './base64-stream.ts';
import { decompress } from './compression.ts';
import { type Envelope, EnvelopeSplitter, MalformedEnvelope } from './envelope.ts';
import type { PayloadCodec } from './method.ts';

/** Messages that wait for the handler before the body is read no further. */
const CAPACITY = 64;

export interface InputOptions {
  readonly codec: PayloadCodec;
  readonly maxMessageBytes: number;
  /** Messages may be compressed with gzip. */
  readonly gzip: boolean;
  /** The body is base64. */
  readonly text: boolean;
}

/** A request's body as the stream of values that a handler reads, as fast as it takes them. */
export function messageInput(exchange: Exchange, options: InputOptions): Channel<unknown> {
  const channel = new Channel<unknown>(CAPACITY);
  void new Pump(channel, options).run(exchange.body());
  return channel;
}

/** The value of one message, whatever its compression. */
export async function unpacked(envelope: Envelope, options: InputOptions): Promise<unknown> {
  if (!options.gzip) throw new MalformedEnvelope('a message is compressed, and no header says how');
  // The bytes are a view of what may be gone after this turn.
  const bytes = Buffer.from(envelope.bytes);
  return options.codec.decode(await decompress(bytes, options.maxMessageBytes));
}

class Pump {
  readonly #channel: Channel<unknown>;
  readonly #options: InputOptions;
  #left = false;
  #wake: (() => void) | undefined;

  constructor(channel: Channel<unknown>, options: InputOptions) {
    this.#channel = channel;
    this.#options = options;
    channel.onReady = () => this.#wake?.();
    channel.onClose = () => {
      this.#left = true;
    };
  }

  /** Never rejects: what is wrong with the body, the handler gets. */
  async run(body: AsyncIterable<Buffer>): Promise<void> {
    const { codec, maxMessageBytes, text } = this.#options;
    const splitter = new EnvelopeSplitter(maxMessageBytes);
    const base64 = text ? new Base64Stream() : undefined;
    try {
      for await (const piece of body) {
        for (const envelope of splitter.push(base64?.push(piece) ?? piece)) {
          const value = envelope.compressed
            ? await unpacked(envelope, this.#options)
            : codec.decode(envelope.bytes);
          if (!this.#channel.push(value)) await this.#room();
        }
        if (this.#left) return;
      }
      base64?.end();
      splitter.end();
      this.#channel.end();
    } catch (error) {
      this.#channel.fail(Fault.from(error));
    }
  }

  #room(): Promise<void> {
    if (this.#left) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
