import { Fault } from '../model/fault.ts';

/**
 * The event stream format of server-sent events (WHATWG HTML, section 9.2.5 and 9.2.6), both
 * ways: pure text and bytes, no socket.
 */

export const EVENT_STREAM_TYPE = 'text/event-stream';

/** What to write as one event. */
export interface EventToWrite {
  /** Name of the event; receivers see `message` where there is none. */
  readonly event?: string | undefined;
  /** Receivers send the last id back as `Last-Event-ID` when they reconnect. */
  readonly id?: string | undefined;
  /** Any text. CR and CRLF arrive as LF: the format has no other line end. */
  readonly data: string;
  /** More fields; browsers skip names that they do not know. */
  readonly fields?: readonly (readonly [name: string, value: string])[] | undefined;
}

const LINE_END = /\r\n|\r|\n/;
const BREAKS_FIELD = /[\r\n\0]/;

function field(name: string, value: string): string {
  if (BREAKS_FIELD.test(value)) {
    throw new TypeError(`event stream field "${name}" cannot hold a line end or NUL`);
  }
  return `${name}: ${value}\n`;
}

/** One event as text, with the empty line that ends it.
 * @throws TypeError for an id, name or field with a line end or NUL. */
export function eventText(event: EventToWrite): string {
  let text = '';
  if (event.event !== undefined) text += field('event', event.event);
  if (event.id !== undefined) text += field('id', event.id);
  if (event.fields !== undefined) {
    for (const [name, value] of event.fields) text += field(name, value);
  }
  return text + dataText(event.data);
}

/** The data lines of an event and the empty line that ends it. */
export function dataText(data: string): string {
  if (!data.includes('\n') && !data.includes('\r')) return `data: ${data}\n\n`;
  let text = '';
  for (const line of data.split(LINE_END)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/** Tells receivers how long to wait before they reconnect, in milliseconds. */
export function retryText(retryMs: number): string {
  return `retry: ${Math.round(retryMs)}\n\n`;
}

/** A comment: keeps a quiet connection alive, and receivers skip it. */
export const HEARTBEAT_TEXT = ':\n\n';

/** One event as it was received. */
export interface ReceivedEvent {
  /** `message` where the stream named none. */
  readonly event: string;
  readonly data: string;
  /** The last id that the stream had set by then; '' for none. */
  readonly lastEventId: string;
  /** Fields that the standard does not know, by name; the last of a name stands. */
  readonly fields: ReadonlyMap<string, string> | undefined;
}

/**
 * Incremental parser. Bytes may be cut anywhere; an event that has not ended with an empty line
 * when the stream ends is dropped, as the standard says.
 */
export class EventStreamParser {
  readonly #maxEventLength: number;
  readonly #decoder = new TextDecoder('utf-8');
  #line = '';
  #skipLineFeed = false;
  #data: string[] = [];
  #length = 0;
  #event = '';
  #idBuffer = '';
  #fields: Map<string, string> | undefined;

  /** Sent as `Last-Event-ID` on a reconnect; '' for none. */
  lastEventId = '';
  /** Reconnection time that the server asked for, in milliseconds. */
  retryMs: number | undefined;

  /** @param maxEventLength characters that one event may have. */
  constructor(maxEventLength: number = 16 * 1024 * 1024) {
    this.#maxEventLength = maxEventLength;
  }

  /** The events that these bytes complete.
   * @throws Fault RESOURCE_EXHAUSTED for an event that is too long. */
  push(bytes: Uint8Array): ReceivedEvent[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    const events: ReceivedEvent[] = [];
    let start = 0;
    if (this.#skipLineFeed && text.length > 0) {
      if (text.charCodeAt(0) === 0x0a) start = 1;
      this.#skipLineFeed = false;
    }
    let lineFeed = text.indexOf('\n', start);
    let carriageReturn = text.indexOf('\r', start);
    while (lineFeed >= 0 || carriageReturn >= 0) {
      const atReturn = carriageReturn >= 0 && (lineFeed < 0 || carriageReturn < lineFeed);
      const end = atReturn ? carriageReturn : lineFeed;
      const line = this.#line === '' ? text.slice(start, end) : this.#line + text.slice(start, end);
      this.#line = '';
      start = end + 1;
      if (atReturn) {
        if (start === text.length) this.#skipLineFeed = true;
        else if (lineFeed === start) start++;
        carriageReturn = text.indexOf('\r', start);
      }
      if (lineFeed < start) lineFeed = text.indexOf('\n', start);
      if (line === '') this.#dispatch(events);
      else this.#take(line);
    }
    if (start < text.length) {
      this.#line += text.slice(start);
      this.#checkLength(this.#line.length);
    }
    return events;
  }

  #checkLength(more: number): void {
    if (this.#length + more <= this.#maxEventLength) return;
    throw new Fault(
      'RESOURCE_EXHAUSTED',
      `An event of the event stream is longer than ${this.#maxEventLength} characters.`,
    );
  }

  #take(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    this.#checkLength(line.length);
    const name = colon < 0 ? line : line.slice(0, colon);
    const from = line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1;
    const value = colon < 0 ? '' : line.slice(from);
    this.#length += line.length;
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id') {
      if (!value.includes('\0')) this.#idBuffer = value;
    } else if (name === 'retry') {
      if (/^[0-9]+$/.test(value)) this.retryMs = Number(value);
    } else {
      this.#fields ??= new Map();
      this.#fields.set(name, value);
    }
  }

  #dispatch(events: ReceivedEvent[]): void {
    this.lastEventId = this.#idBuffer;
    const data = this.#data.length === 1 ? this.#data[0]! : this.#data.join('\n');
    // The standard's data buffer holds a line end behind each line: it is empty only without any
    // data line, so one empty data line is an event with empty data.
    if (this.#data.length > 0) {
      events.push({
        event: this.#event === '' ? 'message' : this.#event,
        data,
        lastEventId: this.lastEventId,
        fields: this.#fields,
      });
    }
    this.#data = [];
    this.#length = 0;
    this.#event = '';
    this.#fields = undefined;
  }
}

/** Names of the events that end a stream of an operation's items, which are `message` events. */
export const STREAM_EVENTS = {
  /** The stream is complete; data `{}`. */
  end: 'end',
  /** The stream ended in a fault; data is the fault's JSON form. */
  error: 'error',
} as const;

/** Names of the events beside the deliveries of a subscription, which are named after their
 * subjects. No subject's text equals one of these: there `*` is always escaped. */
export const SUBSCRIPTION_EVENTS = {
  /** The place to resume from is no longer held: something may be missing. */
  gap: '*gap',
  /** The receiver was too slow; data `{"count": n}` says how many deliveries it lost. */
  dropped: '*dropped',
} as const;
