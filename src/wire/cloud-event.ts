import type { Message } from '../model/message.ts';

/** A message as a CloudEvent in JSON (CloudEvents 1.0.2, JSON event format 1.0.2). */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype?: string;
  readonly partitionkey?: string;
  readonly traceparent?: string;
  readonly data?: unknown;
  readonly data_base64?: string;
  readonly [extension: string]: unknown;
}

const CLOUD_EVENT_HEADER = /^ce-([a-z0-9]{1,20})$/;
const NOT_EXTENSIONS = new Set(['specversion', 'id', 'time', 'data', 'datacontenttype']);

/** Whether a content type says JSON. */
export function isJsonType(contentType: string | undefined): boolean {
  return contentType !== undefined && /^[^;]*[/+]json\s*(;|$)/i.test(contentType);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a payload, or undefined for bytes that are no UTF-8. */
export function textOf(payload: Uint8Array): string | undefined {
  try {
    return decoder.decode(payload);
  } catch {
    return undefined;
  }
}

function dataOf(message: Message): Pick<CloudEvent, 'data' | 'data_base64'> {
  const text = textOf(message.payload);
  if (text === undefined) {
    return { data_base64: Buffer.from(message.payload).toString('base64') };
  }
  if (!isJsonType(message.contentType)) return { data: text };
  try {
    return { data: JSON.parse(text) as unknown };
  } catch {
    // Declared as JSON and is none: its bytes are handed on as they are.
    return { data_base64: Buffer.from(message.payload).toString('base64') };
  }
}

/** Attributes that a publisher gave as `ce-*` headers stand; the others come from the message. */
export function cloudEventOf(message: Message): CloudEvent {
  const given: Record<string, string> = {};
  for (const [name, value] of message.headers) {
    const attribute = CLOUD_EVENT_HEADER.exec(name.toLowerCase())?.[1];
    if (attribute !== undefined && !NOT_EXTENSIONS.has(attribute)) given[attribute] = value;
  }
  return {
    source: `urn:polywire:${message.source}`,
    type: message.subject,
    subject: message.subject,
    ...given,
    specversion: '1.0',
    id: message.id,
    time: timeText(message.timeMs),
    ...(message.contentType === undefined ? {} : { datacontenttype: message.contentType }),
    ...(message.key === undefined ? {} : { partitionkey: message.key }),
    ...(message.trace === undefined ? {} : { traceparent: message.trace.traceparent }),
    ...dataOf(message),
  };
}

const LAST_TIME_MS = 253_402_300_799_999;

/** RFC 3339 knows the years 0 to 9999. */
function timeText(timeMs: number): string {
  const bounded = Math.min(Math.max(Number.isFinite(timeMs) ? timeMs : 0, 0), LAST_TIME_MS);
  return new Date(bounded).toISOString();
}
