import { headerList } from '../../hub/header-list.ts';
import type { BodyWriter, Exchange } from '../../hub/transport.ts';
import { EVENT_STREAM_TYPE, HEARTBEAT_TEXT } from '../../wire/event-stream.ts';
import type { Heartbeats } from '../../wire/stream-response.ts';
import type { Results } from './results.ts';

/** GraphQL over server-sent events
 * (https://github.com/graphql/graphql-over-http, rfcs/GraphQLOverSSE.md). */

export const EVENT_STREAM_HEADERS = headerList(
  'content-type',
  EVENT_STREAM_TYPE,
  'cache-control',
  'no-store',
  'x-accel-buffering',
  'no',
);

/** One JSON text on one line: JSON.stringify writes no line ends. */
export function nextEvent(text: string): string {
  return `event: next\ndata: ${text}\n\n`;
}

/** The data is there, though empty: browsers drop events without. */
export const COMPLETE_EVENT = 'event: complete\ndata:\n\n';

/** Distinct connections mode: the response is the results of one operation. */
export async function sendResults(
  exchange: Exchange,
  results: Results,
  heartbeats: Heartbeats,
): Promise<void> {
  exchange.abortable = { abort: () => results.close() };
  const writer = exchange.open(200, EVENT_STREAM_HEADERS);
  heartbeats.add(writer, HEARTBEAT_TEXT);
  try {
    await pump(results, writer);
    if (!writer.closed) writer.write(COMPLETE_EVENT);
  } finally {
    heartbeats.remove(writer);
    results.close();
    if (!writer.closed) writer.end();
  }
}

async function pump(results: Results, writer: BodyWriter): Promise<void> {
  for (;;) {
    const text = await results.next();
    if (text === undefined || writer.closed) return;
    if (!writer.write(nextEvent(text))) await writer.drained();
  }
}
