import { Fault } from '../model/fault.ts';
import {
  EVENT_STREAM_TYPE,
  type ReceivedEvent,
  SUBSCRIPTION_EVENTS,
} from '../wire/event-stream.ts';
import { pathOfFilter } from '../wire/subject-path.ts';
import { Backoff } from './backoff.ts';
import type { CallScope } from './call-scope.ts';
import { eventsOf } from './http-body.ts';
import { bytesOf, type Received, type SubscribeOptions } from './transport.ts';

/** A request to the hub, with credentials. Rejects for an error status with its fault. */
export type HubRequest = (path: string, scope: CallScope, init: RequestInit) => Promise<Response>;

/** A subscription as an event stream (`GET /subscribe/...`), which goes on behind the last
 * delivery after the connection broke. It ends in a fault when the hub refuses it. */
export async function* subscribeByHttp(
  request: HubRequest,
  filter: string,
  options: SubscribeOptions,
  scope: CallScope,
  url: string,
): AsyncGenerator<Received> {
  const backoff = new Backoff();
  const path = `/subscribe/${pathOfFilter(filter)}${startOf(options)}`;
  let position = options.after;
  try {
    while (!scope.signal.aborted) {
      try {
        const headers = new Headers({ accept: EVENT_STREAM_TYPE });
        if (position !== undefined) headers.set('last-event-id', position);
        const response = await request(path, scope, { headers });
        for await (const event of eventsOf(response)) {
          backoff.reset();
          if (event.event === SUBSCRIPTION_EVENTS.gap) options.onGap?.();
          else if (event.event === SUBSCRIPTION_EVENTS.dropped) options.onGap?.();
          else {
            position = event.lastEventId;
            yield { subject: event.event, position, payload: payloadOf(event) };
          }
        }
      } catch (error) {
        const fault = scope.faultOf(error, url);
        if (fault.code !== 'UNAVAILABLE') throw fault;
      }
      await backoff.wait(scope.signal);
    }
    throw scope.signal.reason;
  } catch (fault) {
    if (!options.signal?.aborted) throw fault;
  } finally {
    scope.end(new Fault('CANCELLED', 'The subscription was left.'));
  }
}

/** The query that says where to begin; a position counts before it. */
function startOf({ from, last }: SubscribeOptions): string {
  const query = new URLSearchParams();
  if (from !== undefined) query.set('from', String(from));
  if (last !== undefined) query.set('last', String(last));
  return query.size === 0 ? '' : `?${query}`;
}

/** JSON as its value, other text as it is, anything else as bytes. */
function payloadOf({ data, fields }: ReceivedEvent): unknown {
  if (fields?.get('encoding') === 'base64') return bytesOf(data);
  try {
    return JSON.parse(data);
  } catch {
    // Not JSON: whoever published it sent text.
    return data;
  }
}
