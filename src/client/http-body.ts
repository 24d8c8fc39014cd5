import { Fault } from '../model/fault.ts';
import { EventStreamParser, type ReceivedEvent } from '../wire/event-stream.ts';
import { faultCodeOfStatus } from '../wire/problem.ts';
import type { ItemSource } from './transport.ts';

/** The fault that an answer with an error status tells: of its problem document where it has one,
 * else the nearest for the status. */
export async function problemOf(response: Response): Promise<Fault> {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('json')) {
    const document: unknown = await response.json();
    if (typeof document === 'object' && document !== null && 'code' in document) {
      const message = 'detail' in document ? document.detail : undefined;
      return Fault.fromJSON({ ...document, message });
    }
  } else await response.body?.cancel();
  return new Fault(
    faultCodeOfStatus(response.status),
    `The server answered with HTTP status ${response.status} and no problem document.`,
  );
}

/** The events of an event stream; ends when the connection does. */
export async function* eventsOf(response: Response): AsyncGenerator<ReceivedEvent> {
  if (response.body === null) return;
  const parser = new EventStreamParser();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    // A connection that broke has nothing to cancel any more.
    await reader.cancel().catch(() => {});
  }
}

/** Items as a body of newline-delimited JSON, taken from their source as fast as they go out.
 * @param failed is told when the source throws, or an item is no JSON */
export function linesOf(
  items: ItemSource,
  failed: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const step = await iterator.next();
        if (step.done === true) controller.close();
        else controller.enqueue(encoder.encode(`${JSON.stringify(step.value)}\n`));
      } catch (error) {
        failed(error);
        throw error;
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** @throws Fault INVALID_ARGUMENT for what JSON cannot express */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new Fault('INVALID_ARGUMENT', `This is no JSON: ${(error as Error).message}`);
  }
}

/** The headers of a request. @throws Fault INVALID_ARGUMENT for names and values HTTP forbids */
export function headersOf(
  metadata: Readonly<Record<string, string>> | undefined,
  contentType: string,
): Headers {
  try {
    const headers = new Headers(metadata);
    headers.set('content-type', contentType);
    return headers;
  } catch (error) {
    throw new Fault('INVALID_ARGUMENT', `Metadata: ${(error as Error).message}`);
  }
}
