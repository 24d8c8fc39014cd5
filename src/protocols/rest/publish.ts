import { headerList, JSON_HEADERS } from '../../hub/header-list.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise } from '../../model/maybe-promise.ts';
import type { Message } from '../../model/message.ts';
import type { Principal } from '../../model/principal.ts';
import { subjectText } from '../../model/subject.ts';
import { requestBytes } from '../../wire/compression.ts';
import { principalOf, traceOf } from '../../wire/http-call.ts';
import { levelsOfPath } from '../../wire/subject-path.ts';
import { countRefused, type RestContext } from './unary.ts';

export const PUBLISH_PATH = '/publish/';

/** Headers that begin like this become headers of the message, without the prefix. */
const MESSAGE_HEADER = 'x-message-header-';
const CLOUD_EVENT = 'ce-';
const ACCEPTED = headerList(...JSON_HEADERS.flat, 'cache-control', 'no-store');

/**
 * POST /publish/<subject>: one level of the subject is one segment of the path, and the body is
 * the payload as it is. CloudEvents in binary mode (CloudEvents HTTP binding 1.0.2, section 3.1)
 * are understood: `ce-id` and `ce-time` become the message's own, the other attributes its
 * headers.
 */
export class PublishHandler {
  readonly #context: RestContext;

  constructor(context: RestContext) {
    this.#context = context;
  }

  async handle(exchange: Exchange): Promise<void> {
    const { hub, meter } = this.#context;
    let principal: Principal;
    let message: Message;
    try {
      const known = principalOf(hub, exchange);
      principal = isPromise(known) ? await known : known;
      message = await this.#messageOf(exchange);
    } catch (error) {
      countRefused(meter);
      throw error;
    }
    await hub.publish([message], { principal, meter });
    if (exchange.finished) return;
    exchange.respond(202, ACCEPTED, JSON.stringify({ id: message.id, subject: message.subject }));
  }

  async #messageOf(exchange: Exchange): Promise<Message> {
    const { options } = this.#context;
    const levels = levelsOfPath(exchange.path.slice(PUBLISH_PATH.length));
    const arriving = requestBytes(exchange, options.maxMessageBytes);
    // A message outlives the request: its payload is its own.
    const payload = isPromise(arriving) ? await arriving : Buffer.from(arriving);
    if (payload.length === 0 && exchange.headers.get('content-type') === undefined) {
      throw new Fault(
        'INVALID_ARGUMENT',
        'The request has no body: send the payload, or Content-Type for one that is empty.',
      );
    }
    return messageOf(exchange, subjectText(levels), payload);
  }
}

function messageOf(exchange: Exchange, subject: string, payload: Buffer): Message {
  const { headers } = exchange;
  const messageHeaders: [string, string][] = [];
  for (const [name, value] of headers.entries()) {
    if (name.startsWith(MESSAGE_HEADER) && name.length > MESSAGE_HEADER.length) {
      messageHeaders.push([name.slice(MESSAGE_HEADER.length), value]);
    } else if (name.startsWith(CLOUD_EVENT) && name !== 'ce-id' && name !== 'ce-time') {
      messageHeaders.push([name, value]);
    }
  }
  const id = headers.get('ce-id');
  return {
    subject,
    key: headers.get('x-message-key') ?? headers.get('ce-partitionkey'),
    headers: messageHeaders,
    payload,
    contentType: headers.get('content-type'),
    timeMs: timeOf(headers.get('ce-time')),
    id: id === undefined || id === '' ? crypto.randomUUID() : id,
    source: 'rest',
    trace: traceOf(headers),
  };
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** @throws Fault INVALID_ARGUMENT for anything but an RFC 3339 timestamp. */
function timeOf(text: string | undefined): number {
  if (text === undefined) return Date.now();
  const timeMs = RFC_3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  if (Number.isFinite(timeMs)) return timeMs;
  throw new Fault(
    'INVALID_ARGUMENT',
    `Header ce-time is ${JSON.stringify(text.slice(0, 40))}; expected a time such as 2026-01-31T12:00:00Z (RFC 3339).`,
  );
}
