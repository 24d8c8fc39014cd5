import type { HeaderList } from '../hub/header-list.ts';
import type { BodyWriter } from '../hub/transport.ts';
import { Fault } from '../model/fault.ts';
import { eventText, HEARTBEAT_TEXT, STREAM_EVENTS } from './event-stream.ts';
import { ndjsonLine } from './ndjson.ts';

/** How the items of a stream stand in a response body. */
export interface StreamFormat {
  item(value: unknown): string;
  /** What a fault becomes after the stream has begun; never equal to an item. */
  fault(fault: Fault): string;
  /** What follows the last item. */
  readonly end: string;
  /** Keeps a quiet stream alive; '' where the format has nothing for it. */
  readonly heartbeat: string;
}

export const EVENT_STREAM: StreamFormat = {
  item: (value) => `data: ${JSON.stringify(value) ?? 'null'}\n\n`,
  fault: (fault) => eventText({ event: STREAM_EVENTS.error, data: JSON.stringify(fault) }),
  end: eventText({ event: STREAM_EVENTS.end, data: '{}' }),
  heartbeat: HEARTBEAT_TEXT,
};

/** An item may have any form, that of a fault too. Its line never begins with white space, which
 * JSON allows there: the line of a fault does. */
export const NDJSON: StreamFormat = {
  item: ndjsonLine,
  fault: (fault) => ` {"error":${JSON.stringify(fault)}}\n`,
  end: '',
  heartbeat: '',
};

/** Writes heartbeats on many open bodies with one timer, which runs only while there are any. */
export class Heartbeats {
  readonly #intervalMs: number;
  readonly #open = new Map<BodyWriter, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  add(writer: BodyWriter, text: string): void {
    if (text === '') return;
    this.#open.set(writer, text);
    this.#timer ??= setInterval(() => this.#beat(), this.#intervalMs).unref();
  }

  remove(writer: BodyWriter): void {
    if (this.#open.delete(writer) && this.#open.size === 0) this.close();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    for (const [writer, text] of this.#open) {
      if (writer.closed) this.remove(writer);
      else writer.write(text);
    }
  }
}

/** Where the items of an answer go. */
export interface StreamTarget {
  readonly writer: BodyWriter;
  readonly format: StreamFormat;
  readonly heartbeats: Heartbeats;
  /** Trailers that tell a fault again, for clients that read them. */
  faultTrailers?(fault: Fault): HeaderList;
}

/** What a stream's first step gave before the response had to begin. */
export type FirstItem = IteratorResult<unknown> | undefined;

/**
 * The first item, if the handler gives it (or fails) within this turn of the event loop; undefined
 * where it takes longer, and then `pending` is the step that is under way. So a fault that is
 * known at once still decides the status of the response.
 */
export async function firstItem(
  iterator: AsyncIterator<unknown>,
): Promise<{ readonly pending: Promise<IteratorResult<unknown>>; readonly first: FirstItem }> {
  const pending = iterator.next();
  // Where the client has left meanwhile nobody waits for it any more; its fault is nobody's then.
  pending.catch(() => undefined);
  const turn = new Promise<undefined>((resolve) => {
    setImmediate(resolve, undefined);
  });
  return { pending, first: await Promise.race([pending, turn]) };
}

/**
 * Writes the items of a stream into an open body as fast as the client reads them, and ends the
 * body. A fault becomes the last item. Never rejects.
 * @param pending the first step of the iterator, already taken
 */
export async function writeStream(
  iterator: AsyncIterator<unknown>,
  pending: Promise<IteratorResult<unknown>>,
  target: StreamTarget,
): Promise<void> {
  const { writer, format, heartbeats } = target;
  heartbeats.add(writer, format.heartbeat);
  let trailers: HeaderList | undefined;
  try {
    let step = await pending;
    while (step.done !== true && !writer.closed) {
      const room = writer.write(format.item(step.value));
      if (!room) await writer.drained();
      if (writer.closed) break;
      step = await iterator.next();
    }
    if (writer.closed) await iterator.return?.();
    else if (format.end !== '') writer.write(format.end);
  } catch (error) {
    const fault = Fault.from(error);
    if (!writer.closed) writer.write(format.fault(fault));
    trailers = target.faultTrailers?.(fault);
  } finally {
    heartbeats.remove(writer);
    if (!writer.closed) writer.end(trailers);
  }
}
