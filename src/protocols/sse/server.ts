import type { Meter } from '../../hub/diagnostics.ts';
import { headerList } from '../../hub/header-list.ts';
import type { Hub, SubscribeOptions } from '../../hub/hub.ts';
import type { ProtocolServer } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise } from '../../model/maybe-promise.ts';
import type { Principal } from '../../model/principal.ts';
import { HeaderMemory, preferredType } from '../../wire/content-negotiation.ts';
import {
  EVENT_STREAM_TYPE,
  eventText,
  retryText,
  SUBSCRIPTION_EVENTS,
} from '../../wire/event-stream.ts';
import { principalOf } from '../../wire/http-call.ts';
import { HttpFault } from '../../wire/problem.ts';
import { Heartbeats } from '../../wire/stream-response.ts';
import { filterOfPath } from '../../wire/subject-path.ts';
import { fromOf, lastOf } from '../../wire/subscription-start.ts';
import type { Envelope } from './events.ts';
import type { SseOptions } from './options.ts';
import { EventStreamSubscriber } from './subscriber.ts';

export const SUBSCRIBE_PATH = '/subscribe/';

const HEADERS = headerList(
  'content-type',
  EVENT_STREAM_TYPE,
  'cache-control',
  'no-store',
  'x-accel-buffering',
  'no',
);

const accepts = new HeaderMemory((header) => preferredType(header, [EVENT_STREAM_TYPE]) ?? '');

/** Server-sent events at work in one hub: GET /subscribe/<filter>. */
export function serveSse(hub: Hub, options: SseOptions, meter: Meter): ProtocolServer {
  const server = new SseServer(hub, options, meter);
  return {
    routes: [
      {
        method: 'GET',
        path: `${SUBSCRIBE_PATH}*`,
        handle: (exchange) => server.handle(exchange),
      },
    ],
    tryIt: (address) => [
      { label: 'receive everything', command: `curl -N ${address.url}${SUBSCRIBE_PATH}%3E` },
    ],
    close: () => server.close(),
  };
}

class SseServer {
  readonly #hub: Hub;
  readonly #options: SseOptions;
  readonly #meter: Meter;
  readonly #heartbeats: Heartbeats;
  readonly #retry: string;

  constructor(hub: Hub, options: SseOptions, meter: Meter) {
    this.#hub = hub;
    this.#options = options;
    this.#meter = meter;
    this.#heartbeats = new Heartbeats(options.heartbeatMs);
    this.#retry = retryText(options.retryMs);
  }

  async handle(exchange: Exchange): Promise<void> {
    try {
      requireAccepted(exchange.headers.get('accept'));
      const principal = principalOf(this.#hub, exchange);
      this.#open(exchange, isPromise(principal) ? await principal : principal);
    } catch (error) {
      this.#meter.refused++;
      throw error;
    }
  }

  close(): void {
    this.#heartbeats.close();
  }

  #open(exchange: Exchange, principal: Principal): void {
    const query = new URLSearchParams(exchange.query);
    const envelope = envelopeOf(query.get('envelope'));
    const after = exchange.headers.get('last-event-id') || query.get('last-event-id') || undefined;
    const subscribe: SubscribeOptions = {
      filter: filterOfPath(exchange.path.slice(SUBSCRIBE_PATH.length)),
      credit: this.#options.creditMessages,
      after,
      from: fromOf(query.get('from') ?? undefined, 'from'),
      last: lastOf(query.get('last') ?? undefined, 'last'),
    };
    const origin = { principal, meter: this.#meter };
    if (exchange.method === 'HEAD') {
      // Says what GET would answer, and holds nothing open.
      this.#hub.subscribe(subscribe, { deliver() {}, closed() {} }, origin).close();
      exchange.open(200, HEADERS).end();
      return;
    }
    // The response begins when the hub has taken the subscription: until then it can be refused.
    const subscriber = new EventStreamSubscriber(envelope, this.#heartbeats);
    const subscription = this.#hub.subscribe(subscribe, subscriber, origin);
    const writer = exchange.open(200, HEADERS);
    writer.write(this.#greeting(subscription.gap));
    subscriber.attach(subscription, writer);
    exchange.abortable = subscriber;
  }

  #greeting(gap: boolean): string {
    if (!gap) return this.#retry;
    const data = JSON.stringify({
      reason: 'Not everything since the last event is kept: some may be missing.',
    });
    return this.#retry + eventText({ event: SUBSCRIPTION_EVENTS.gap, data });
  }
}

/** @throws HttpFault 406 where the client does not take an event stream. */
function requireAccepted(accept: string | undefined): void {
  if (accept === undefined || accepts.get(accept) !== '') return;
  throw new HttpFault(
    406,
    'INVALID_ARGUMENT',
    'A subscription is text/event-stream, which the Accept header does not take.',
  );
}

/** @throws Fault INVALID_ARGUMENT for a name that there is not. */
function envelopeOf(text: string | null): Envelope {
  if (text === null || text === '' || text === 'none') return 'none';
  if (text === 'cloudevents') return 'cloudevents';
  throw new Fault(
    'INVALID_ARGUMENT',
    `Parameter "envelope" is ${JSON.stringify(text.slice(0, 32))}; expected "none" or "cloudevents".`,
  );
}
