import { parseJson } from '../../formats/json.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Channel } from '../../model/channel.ts';
import { Fault } from '../../model/fault.ts';
import { decompressStream, requestCoding } from '../../wire/compression.ts';
import {
  jsonArraySplitter,
  jsonSequenceSplitter,
  ndjsonSplitter,
  type ValueSplitter,
} from '../../wire/ndjson.ts';
import type { RestOptions } from './options.ts';
import { type StreamForm, streamFormOf } from './request-body.ts';

/** Items that wait for the handler before the body is read no further. */
const CAPACITY = 64;

const SPLITTERS: { readonly [form in StreamForm]: (maxBytes: number) => ValueSplitter } = {
  lines: ndjsonSplitter,
  sequence: jsonSequenceSplitter,
  array: jsonArraySplitter,
};

/**
 * A request body as the stream of values that a handler reads. The body is read as fast as the
 * handler takes items.
 * @throws HttpFault 415 for a type or coding that is not understood
 */
export function streamInput(exchange: Exchange, options: RestOptions): Channel<unknown> {
  const channel = new Channel<unknown>(CAPACITY);
  if (exchange.contentLength === 0) {
    channel.end();
    return channel;
  }
  const splitter = SPLITTERS[streamFormOf(exchange.headers.get('content-type'))](
    options.maxItemBytes,
  );
  const coding = requestCoding(exchange.headers.get('content-encoding'));
  const body = exchange.body();
  const pump = new Pump(channel, splitter, options.maxJsonDepth);
  void pump.run(coding === undefined ? body : decompressStream(body, coding));
  return channel;
}

class Pump {
  readonly #channel: Channel<unknown>;
  readonly #splitter: ValueSplitter;
  readonly #maxDepth: number;
  #left = false;
  #wake: (() => void) | undefined;

  constructor(channel: Channel<unknown>, splitter: ValueSplitter, maxDepth: number) {
    this.#channel = channel;
    this.#splitter = splitter;
    this.#maxDepth = maxDepth;
    channel.onReady = () => this.#wake?.();
    channel.onClose = () => {
      this.#left = true;
    };
  }

  /** Never rejects: what is wrong with the body, the handler gets. */
  async run(body: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const piece of body) {
        for (const bytes of this.#splitter.push(piece)) {
          if (this.#channel.push(parseJson(bytes, this.#maxDepth))) continue;
          await this.#room();
        }
        if (this.#left) return;
      }
      const last = this.#splitter.end();
      if (last !== undefined) this.#channel.push(parseJson(last, this.#maxDepth));
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
