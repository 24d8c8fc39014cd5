import type { Subscriber, Subscription } from '../../hub/hub.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import type { Delivery, Message } from '../../model/message.ts';
import { field, message } from '../../wire/protobuf/by-hand.ts';
import { type ProtoFile, scalar } from '../../wire/protobuf/types.ts';
import { fromOf, lastOf } from '../../wire/subscription-start.ts';
import { type BuiltIn, OwnStream } from './built-in.ts';
import type { GrpcContext } from './enveloped.ts';

/** Messages of every protocol, as a service: `polywire.Events`. */

const PACKAGE = 'polywire';
export const EVENTS_SERVICE = `${PACKAGE}.Events`;
const text = scalar('string');
const bytes = scalar('bytes', 'buffer');
const time = { kind: 'wellKnown', name: 'Timestamp' } as const;
const optional = { optional: true };

const Header = message(`${PACKAGE}.Header`, [field(1, 'name', text), field(2, 'value', text)]);
const EventMessage = message(
  `${PACKAGE}.Message`,
  [
    field(1, 'subject', text, { doc: 'Levels joined by dots: orders.placed' }),
    field(2, 'key', text, { optional: true, doc: 'Order is kept within a key.' }),
    field(3, 'headers', Header, { repeated: true }),
    field(4, 'payload', bytes, { doc: 'The bytes as they were published.' }),
    field(5, 'content_type', text, optional),
    field(6, 'time', time),
    field(7, 'id', text, { doc: 'Made by the hub where a publisher gives none.' }),
    field(8, 'source', text, { doc: 'The protocol it came by; set by the hub.' }),
    field(9, 'traceparent', text, optional),
  ],
  'One published message.',
);
const PublishRequest = message(`${PACKAGE}.PublishRequest`, [
  field(1, 'messages', EventMessage, { repeated: true, doc: 'Accepted all together, or none.' }),
]);
const PublishResponse = message(`${PACKAGE}.PublishResponse`, [
  field(1, 'ids', text, { repeated: true }),
]);
const SubscribeRequest = message(`${PACKAGE}.SubscribeRequest`, [
  field(1, 'filter', text, {
    doc: 'A subject; * stands for one level, > at the end for the rest.',
  }),
  field(2, 'after', text, { optional: true, doc: 'Position of the last delivery that was seen.' }),
  field(3, 'from', text, {
    optional: true,
    doc: 'Where to begin without a position: now (the default), start, or a time (RFC 3339).',
  }),
  field(4, 'last', scalar('int32'), {
    optional: true,
    doc: 'Begin with about so many of the latest messages.',
  }),
]);
const DeliveryMessage = message(`${PACKAGE}.Delivery`, [
  field(1, 'message', EventMessage),
  field(2, 'position', text, { doc: 'To resume after it.' }),
  field(3, 'gap', scalar('bool'), {
    doc: 'Messages before this one may be missing: not everything since `after` is kept.',
  }),
  field(4, 'dropped', scalar('int64'), {
    doc: 'How many were lost before this one, because the client read too slowly.',
  }),
]);

type MessageValue = {
  subject: string;
  key?: string;
  headers: { name: string; value: string }[];
  payload: Buffer;
  contentType?: string;
  time?: string;
  id: string;
  traceparent?: string;
};

type SubscribeValue = { filter: string; after?: string; from?: string; last?: number };

export function eventMethods(context: GrpcContext): BuiltIn[] {
  const { hub, meter } = context;
  return [
    {
      service: EVENTS_SERVICE,
      name: 'Publish',
      input: PublishRequest,
      output: PublishResponse,
      countedByHub: true,
      async answer({ input, principal }) {
        const values = (input as { messages: MessageValue[] }).messages;
        const messages = values.map(messageOf);
        await hub.publish(messages, { principal, meter });
        return { ids: messages.map(({ id }) => id) };
      },
    },
    {
      service: EVENTS_SERVICE,
      name: 'Subscribe',
      input: SubscribeRequest,
      output: DeliveryMessage,
      countedByHub: true,
      outputStreams: true,
      answer: (call) => subscribe(context, call),
    },
  ];
}

function messageOf(value: MessageValue): Message {
  return {
    subject: value.subject,
    key: value.key,
    headers: value.headers.map(({ name, value: text }) => [name, text] as const),
    payload: value.payload,
    contentType: value.contentType,
    timeMs: value.time === undefined ? Date.now() : Date.parse(value.time),
    id: value.id === '' ? crypto.randomUUID() : value.id,
    source: 'grpc',
    trace:
      value.traceparent === undefined
        ? undefined
        : { traceparent: value.traceparent, tracestate: undefined },
  };
}

function deliveryValue(
  { message: one, position }: Delivery,
  gap: boolean,
  dropped: number,
): object {
  return {
    message: {
      subject: one.subject,
      key: one.key,
      headers: one.headers.map(([name, value]) => ({ name, value })),
      payload: one.payload,
      contentType: one.contentType,
      time: new Date(Number.isFinite(one.timeMs) ? one.timeMs : 0).toISOString(),
      id: one.id,
      source: one.source,
      traceparent: one.trace?.traceparent,
    },
    position,
    gap,
    dropped,
  };
}

/** A subscription on its way to one client: credit goes back when the client has taken a message. */
class SubscriptionStream extends OwnStream<object> implements Subscriber {
  #subscription: Subscription | undefined;
  #gap = false;
  #dropped = 0;

  attach(subscription: Subscription): void {
    this.#subscription = subscription;
    this.#gap = subscription.gap;
    this.onOver = () => subscription.close();
  }

  deliver(batch: readonly Delivery[]): void {
    for (const delivery of batch) {
      this.push(deliveryValue(delivery, this.#gap, this.#dropped));
      this.#gap = false;
      this.#dropped = 0;
    }
  }

  dropped(count: number): void {
    this.#dropped += count;
  }

  closed(): void {
    this.finish(new Fault('UNAVAILABLE', 'The hub is stopping.', { retryAfterMs: 1000 }));
  }

  override async next(): Promise<IteratorResult<object, undefined>> {
    const step = await super.next();
    if (step.done !== true) this.#subscription?.credit(1);
    return step;
  }
}

function subscribe(context: GrpcContext, call: Call): AsyncIterable<unknown> {
  const { filter, after, from, last } = call.input as SubscribeValue;
  const start = { after, from: fromOf(from, 'from'), last: lastOf(last, 'last') };
  const { hub, meter, options } = context;
  const credit = options.creditMessages;
  const stream = new SubscriptionStream(context, call, credit);
  try {
    const origin = { principal: call.principal, meter };
    stream.attach(hub.subscribe({ filter, credit, ...start }, stream, origin));
  } catch (error) {
    stream.finish();
    throw error;
  }
  return stream;
}

export const EVENTS_FILE: ProtoFile = {
  name: 'polywire/events.proto',
  package: PACKAGE,
  messages: [
    Header,
    EventMessage,
    PublishRequest,
    PublishResponse,
    SubscribeRequest,
    DeliveryMessage,
  ],
  enums: [],
  services: [],
};
