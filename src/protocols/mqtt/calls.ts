import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Endpoint } from '../../hub/hub.ts';
import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { parseJson } from '../../model/json.ts';
import { isPromise } from '../../model/maybe-promise.ts';
import type { Message } from '../../model/message.ts';
import { metadataOf } from '../../model/metadata.ts';
import { HEADER } from '../../wire/message-headers.ts';
import type { Broker } from './broker.ts';
import type { MqttMessage } from './messages.ts';
import type { Session } from './session.ts';

/**
 * Operations by request and response (MQTT 5.0 section 4.10): a message on
 * `rpc/<service>/<operation>` is a call, its payload the input as JSON. What comes of it is published
 * on the response topic, with the request's correlation data and a user property `rpc-reply`:
 *
 *     answer     the output
 *     item, end  of a stream: each item, then a message without payload
 *     fault      the error as JSON (code, message, error, data, violations)
 *
 * The user property `timeout-ms` of a request is its deadline. A message on the same topic with the
 * same response topic and correlation data, and with `rpc-cancel`, ends the call.
 */
export const RPC_PREFIX = 'rpc/';

const SUBJECT_PREFIX = 'rpc.';
const REPLY = 'rpc-reply';
const CANCEL = 'rpc-cancel';
const TIMEOUT = 'timeout-ms';
const MAX_TIMEOUT_MS = 86_400_000;
/** Items of a stream between which others have their turn. */
const ITEMS_PER_TURN = 64;

type Header = readonly [name: string, value: string];

/** The calls of one connection. */
export class Calls {
  readonly #broker: Broker;
  readonly #session: Session;
  readonly #running = new Map<string, Call>();
  #number = 0;

  constructor(broker: Broker, session: Session) {
    this.#broker = broker;
    this.#session = session;
  }

  /** Runs a request. What goes wrong is answered, where an answer is wanted. */
  handle(message: MqttMessage): void {
    const replyTo = headerOf(message, HEADER.replyTo);
    const correlation = headerOf(message, HEADER.correlationId);
    const key = replyTo === undefined ? `${this.#number++}` : `${replyTo}\n${correlation}`;
    if (headerOf(message, CANCEL) !== undefined) {
      this.#running.get(key)?.abort();
      return;
    }
    const reply = new Reply(this.#broker, this.#session, replyTo, correlation, message);
    this.#run(message, key, reply).catch((thrown: unknown) => reply.fault(Fault.from(thrown)));
  }

  /** The connection is gone: nobody waits for an answer. */
  abort(): void {
    for (const call of [...this.#running.values()]) call.abort();
  }

  async #run(message: MqttMessage, key: string, reply: Reply): Promise<void> {
    const { hub, meter, options } = this.#broker;
    const endpoint = this.#endpoint(message);
    if (this.#running.size >= options.maxCalls || this.#running.has(key)) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        this.#running.has(key)
          ? 'A call with this response topic and correlation data is running.'
          : `${this.#running.size} calls of this connection are running (protocols.mqtt.maxCalls).`,
      );
    }
    const call = new Call({
      input: inputOf(message),
      principal: this.#session.origin.principal,
      metadata: metadataOf(message.headers),
      deadlineMs: deadlineOf(message),
      trace: message.trace,
    });
    this.#running.set(key, call);
    try {
      const output = await hub.invoke(endpoint, call, meter);
      if (endpoint.operation.output.stream) await streamed(output as AsyncIterable<unknown>, reply);
      else await reply.send('answer', output);
    } finally {
      this.#running.delete(key);
    }
  }

  /** @throws Fault UNIMPLEMENTED */
  #endpoint({ subject }: MqttMessage): Endpoint {
    const name = subject.slice(SUBJECT_PREFIX.length);
    const endpoint = this.#broker.hub.endpoint(name);
    if (endpoint === undefined) {
      throw new Fault('UNIMPLEMENTED', `There is no operation ${name.slice(0, 200)}.`);
    }
    if (endpoint.operation.input.stream) {
      throw new Fault(
        'UNIMPLEMENTED',
        `Operation ${name} takes a stream, which a message cannot be.`,
      );
    }
    return endpoint;
  }
}

async function streamed(items: AsyncIterable<unknown>, reply: Reply): Promise<void> {
  let count = 0;
  for await (const item of items) {
    await reply.send('item', item);
    if (++count % ITEMS_PER_TURN === 0) await nextTurn();
  }
  await reply.send('end', undefined);
}

/** Where the answers to one request go. */
class Reply {
  readonly #broker: Broker;
  readonly #session: Session;
  readonly #subject: string | undefined;
  readonly #headers: readonly Header[];
  readonly #trace: Message['trace'];

  constructor(
    broker: Broker,
    session: Session,
    subject: string | undefined,
    correlation: string | undefined,
    { trace }: MqttMessage,
  ) {
    this.#broker = broker;
    this.#session = session;
    this.#subject = subject;
    this.#trace = trace;
    this.#headers = [
      ...(correlation === undefined ? [] : [[HEADER.correlationId, correlation] as const]),
      [HEADER.qos, '1'],
    ];
  }

  /** The caller's own rights decide where answers may go. @throws Fault as Hub.publish does */
  async send(kind: 'answer' | 'item' | 'end' | 'fault', value: unknown): Promise<void> {
    if (this.#subject === undefined) return;
    const text = JSON.stringify(value) ?? '';
    const message: Message = {
      subject: this.#subject,
      key: undefined,
      headers: [[REPLY, kind], ...this.#headers],
      payload: Buffer.from(text),
      contentType: text === '' ? undefined : 'application/json',
      timeMs: Date.now(),
      id: crypto.randomUUID(),
      source: 'mqtt',
      trace: this.#trace,
    };
    const answer = this.#broker.hub.publish([message], this.#session.origin);
    if (isPromise(answer)) await answer;
  }

  fault(fault: Fault): void {
    this.send('fault', fault).catch((error: unknown) => {
      this.#broker.hub.logger.info({ err: error }, 'An answer to a call could not be published');
    });
  }
}

function headerOf({ headers }: MqttMessage, wanted: string): string | undefined {
  return headers.find(([name]) => name === wanted)?.[1];
}

/** @throws Fault INVALID_ARGUMENT */
function inputOf({ payload }: MqttMessage): unknown {
  if (payload.byteLength === 0) return undefined;
  return parseJson(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
}

/** Milliseconds since 1970-01-01T00:00Z: that of `timeout-ms`, else of the message's expiry.
 * @throws Fault INVALID_ARGUMENT */
function deadlineOf(message: MqttMessage): number | undefined {
  const text = headerOf(message, TIMEOUT);
  if (text === undefined) {
    const expiresAt = headerOf(message, HEADER.expiresAt);
    return expiresAt === undefined ? undefined : Number(expiresAt);
  }
  const timeoutMs = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (timeoutMs === 0) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The user property ${TIMEOUT} is ${JSON.stringify(text.slice(0, 32))}; expected milliseconds, a whole number from 1.`,
    );
  }
  return Date.now() + Math.min(timeoutMs, MAX_TIMEOUT_MS);
}
