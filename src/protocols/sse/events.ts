import type { Delivery } from '../../model/message.ts';
import { cloudEventOf, isJsonType, textOf } from '../../wire/cloud-event.ts';
import { eventText } from '../../wire/event-stream.ts';

/** How deliveries are written as events. */
export type Envelope =
  /** The event is named after the subject, and its data is the payload. */
  | 'none'
  /** The event has no name (browsers: onmessage), and its data is a CloudEvent in JSON. */
  | 'cloudevents';

const LINE_ENDS = /[\r\n]+/g;

/** One delivery as the text of an event. */
export function deliveryText(delivery: Delivery, envelope: Envelope): string {
  const { message, position } = delivery;
  if (envelope === 'cloudevents') {
    return eventText({ id: position, data: JSON.stringify(cloudEventOf(message)) });
  }
  const text = textOf(message.payload);
  if (text === undefined || text.includes('\0')) {
    return eventText({
      event: message.subject,
      id: position,
      fields: [['encoding', 'base64']],
      data: Buffer.from(message.payload).toString('base64'),
    });
  }
  // In JSON a line end can only be white space between tokens: one line says the same.
  const data = isJsonType(message.contentType) ? text.replace(LINE_ENDS, ' ') : text;
  return eventText({ event: message.subject, id: position, data });
}
