import { randomBytes } from 'node:crypto';
import { bytesOf, textOf } from '../../hub/streams/record-text.ts';
import type { Message } from '../../model/message.ts';
import { type TraceContext, traceContext } from '../../model/trace.ts';
import { HEADER, KEY_PROPERTY } from '../../wire/message-headers.ts';
import { subjectOfTopic, topicOfSubject } from './names.ts';
import type { Topic } from './topics.ts';
import type { QoS } from './wire/packet-types.ts';
import { NO_PROPERTIES, type Properties, type UserProperty } from './wire/properties.ts';

type Header = readonly [name: string, value: string];

const SOURCE = 'mqtt';
const TRACE_PARENT = 'traceparent';
const TRACE_STATE = 'tracestate';
const RESERVED: ReadonlySet<string> = new Set(Object.values(HEADER));
/** Before the name of a user property that would be taken for one of those headers. */
const ESCAPE = 'mqtt-user-';

const NO_HEADERS: readonly Header[] = Object.freeze([]);

/**
 * Ends the id of a message: the QoS that it was published with, and whether it was to be retained.
 * So that a message that comes back from a stream says so too, and nobody else has to see it.
 */
const MARKS = ['q0', 'q1', 'q2', 'q0r', 'q1r', 'q2r'] as const;
const MARK = /-q([012])(r?)$/;

/** Makes ids that say which session a message came from; a number each, text when it is asked for. */
export class MessageIds {
  readonly tag: string;
  /** Begins the ids of this session, in this run of the hub and in others. */
  readonly prefix: string;
  readonly #run: string;
  next = 1;

  /** @param tag unlike that of any other session */
  constructor(tag: string) {
    this.tag = tag;
    this.prefix = `${tag}-`;
    this.#run = `${tag}-${RUN}-`;
  }

  text(number: number): string {
    return this.#run + number;
  }
}

/** Unlike that of any other run. */
const RUN = randomBytes(6).toString('base64url');

/** A message that a client of MQTT published. */
export class MqttMessage implements Message {
  readonly subject: string;
  readonly key: string | undefined;
  /** Messages on one topic stay in order (MQTT 5.0 section 4.6). */
  readonly order: string;
  readonly headers: readonly Header[];
  readonly payload: Uint8Array;
  readonly contentType: string | undefined;
  readonly timeMs: number;
  readonly source = SOURCE;
  readonly trace: TraceContext | undefined;
  readonly topic: Topic;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Where the client published it without properties; undefined means what the headers say. */
  readonly plain: boolean;
  readonly #ids: MessageIds;
  readonly #number: number;
  /** Of an earlier run of the hub, where it was published then. */
  readonly #earlier: string | undefined;

  constructor(
    topic: Topic,
    qos: QoS,
    retain: boolean,
    payload: Uint8Array,
    properties: Readonly<Properties>,
    timeMs: number,
    ids: MessageIds,
    earlier?: string,
  ) {
    this.topic = topic;
    this.subject = topic.subject;
    this.order = topic.subject;
    this.qos = qos;
    this.retain = retain;
    this.payload = payload;
    this.timeMs = timeMs;
    this.#ids = ids;
    this.#number = ids.next++;
    this.#earlier = earlier;
    this.plain = properties === NO_PROPERTIES;
    if (this.plain) {
      this.key = undefined;
      this.headers = NO_HEADERS;
      this.contentType = undefined;
      this.trace = undefined;
    } else {
      this.key = properties.userProperties?.find(([name]) => name === KEY_PROPERTY)?.[1];
      this.headers = headersOf(properties, timeMs);
      this.contentType = properties.contentType;
      this.trace = traceOf(properties.userProperties);
    }
  }

  get id(): string {
    if (this.#earlier !== undefined) return this.#earlier;
    return `${this.#ids.text(this.#number)}-${MARKS[this.qos + (this.retain ? 3 : 0)]}`;
  }
}

function traceOf(properties: readonly UserProperty[] | undefined): TraceContext | undefined {
  const find = (name: string) => properties?.find(([one]) => one === name)?.[1];
  return traceContext(find(TRACE_PARENT), find(TRACE_STATE));
}

function headersOf(properties: Readonly<Properties>, timeMs: number): Header[] {
  const headers: Header[] = [];
  const trace = traceOf(properties.userProperties);
  const key = properties.userProperties?.find(([name]) => name === KEY_PROPERTY)?.[1];
  for (const property of properties.userProperties ?? []) {
    const [name, value] = property;
    if (name === KEY_PROPERTY && value === key) continue;
    if (trace !== undefined && (value === trace.traceparent || value === trace.tracestate)) {
      if (name === TRACE_PARENT || name === TRACE_STATE) continue;
    }
    headers.push(isReserved(name) ? [`${ESCAPE}${name}`, value] : property);
  }
  const { responseTopic, correlationData, messageExpiryInterval } = properties;
  if (responseTopic !== undefined) headers.push([HEADER.replyTo, subjectOfTopic(responseTopic)]);
  if (correlationData !== undefined) headers.push([HEADER.correlationId, textOf(correlationData)]);
  if (messageExpiryInterval !== undefined) {
    headers.push([HEADER.expiresAt, String(timeMs + messageExpiryInterval * 1000)]);
  }
  if (properties.payloadFormatIndicator === 1) headers.push([HEADER.payloadFormat, 'utf-8']);
  return headers;
}

function isReserved(name: string): boolean {
  return RESERVED.has(name) || name.startsWith(ESCAPE);
}

/** What a receiver in MQTT sees of a message of any protocol. */
export interface Published {
  /** The highest QoS that it is delivered with. */
  readonly qos: QoS;
  readonly retain: boolean;
  /** Milliseconds since 1970-01-01T00:00Z; Infinity: never. */
  readonly expiresMs: number;
  /** For receivers of MQTT 5. */
  readonly properties: Readonly<Properties>;
}

const BARE: readonly Published[] = [false, true].flatMap((retain) =>
  ([0, 1, 2] as const).map((qos) => ({
    qos,
    retain,
    expiresMs: Number.POSITIVE_INFINITY,
    properties: NO_PROPERTIES,
  })),
);

export function publishedOf(message: Message): Published {
  if (message instanceof MqttMessage && message.plain) {
    return BARE[message.qos + (message.retain ? 3 : 0)]!;
  }
  const { key, headers, contentType, trace } = message;
  const mark = message.source === SOURCE ? MARK.exec(message.id) : null;
  let qos = (mark === null ? 2 : Number(mark[1])) as QoS;
  let retain = mark?.[2] === 'r';
  if (headers.length === 0 && contentType === undefined && trace === undefined) {
    if (key === undefined) return BARE[qos + (retain ? 3 : 0)]!;
  }
  const properties: Properties = {};
  const users: UserProperty[] = [];
  let expiresMs = Number.POSITIVE_INFINITY;
  if (contentType !== undefined && isText(contentType)) properties.contentType = contentType;
  for (const header of headers) {
    const [name, value] = header;
    if (name === HEADER.qos) qos = value === '0' ? 0 : value === '1' ? 1 : qos;
    else if (name === HEADER.retain) retain = value === 'true';
    else if (name === HEADER.expiresAt && Number.isFinite(Number(value))) expiresMs = Number(value);
    else if (!takes(properties, name, value) && isText(name) && isText(value)) {
      users.push(name.startsWith(ESCAPE) ? [name.slice(ESCAPE.length), value] : header);
    }
  }
  if (key !== undefined && isText(key)) users.push([KEY_PROPERTY, key]);
  if (trace !== undefined) {
    users.push([TRACE_PARENT, trace.traceparent]);
    if (trace.tracestate !== undefined) users.push([TRACE_STATE, trace.tracestate]);
  }
  if (users.length > 0) properties.userProperties = users;
  return { qos, retain, expiresMs, properties };
}

const MAX_TEXT_BYTES = 65_535;

/** Whether MQTT has a form for it; other text is left out. */
function isText(text: string): boolean {
  if (text.length * 3 > MAX_TEXT_BYTES && Buffer.byteLength(text) > MAX_TEXT_BYTES) return false;
  return !text.includes('\0') && text.isWellFormed();
}

/** Whether a header has a property of its own. */
function takes(properties: Properties, name: string, value: string): boolean {
  if (name === HEADER.replyTo && properties.responseTopic === undefined && isText(value)) {
    properties.responseTopic = topicOfSubject(value);
  } else if (name === HEADER.correlationId && properties.correlationData === undefined) {
    const bytes = Buffer.from(bytesOf(value.toWellFormed()) ?? '');
    if (bytes.length <= MAX_TEXT_BYTES) properties.correlationData = bytes;
  } else if (name === HEADER.payloadFormat && value === 'utf-8') {
    properties.payloadFormatIndicator = 1;
  } else return false;
  return true;
}
