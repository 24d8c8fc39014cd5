import { EventSource } from 'eventsource';
import jayson from 'jayson/promise/index.js';
import { request } from 'undici';
import type { Address } from '../driver.ts';
import type { Got, Publisher, Receiver, Sent } from './driver.ts';
import { messageJson } from './json-message.ts';

/** REST: one request a message, by undici. */
export function restPublisher({ url }: Address): Publisher {
  return {
    async publish(subject, messages) {
      // Together, and accepted in the order in which they are sent on their one connection.
      for (const message of messages) await publishOne(url, subject, message);
    },
  };
}

async function publishOne(url: string, subject: string, message: Sent): Promise<void> {
  const { key, headers, payload, contentType } = message;
  const fields: Record<string, string> = {};
  if (contentType !== undefined) fields['content-type'] = contentType;
  if (key !== undefined) fields['x-message-key'] = key;
  for (const [name, value] of headers) fields[`x-message-header-${name}`] = value;
  const path = subject.replaceAll('.', '/');
  const response = await request(`${url}/publish/${path}`, {
    method: 'POST',
    headers: fields,
    body: payload,
  });
  const text = await response.body.text();
  if (response.statusCode !== 202) throw new Error(`${response.statusCode}: ${text}`);
}

/** JSON-RPC over HTTP: all in one request, by jayson. */
export function jsonRpcPublisher({ host, port }: Address): Publisher {
  const client = jayson.client.http({ host, port, path: '/rpc' });
  return {
    async publish(subject, messages) {
      const params = { messages: messages.map((message) => messageJson(subject, message)) };
      const answer = await client.request('rpc.publish', params);
      if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error));
    },
  };
}

/** What a CloudEvent in JSON says (CloudEvents JSON event format 1.0.2). */
interface CloudEventJson {
  readonly data?: unknown;
  readonly data_base64?: string;
  readonly datacontenttype?: string;
  readonly partitionkey?: string;
}

/** Server-sent events as CloudEvents, by the eventsource package. */
export function sseReceiver({ url }: Address): Receiver {
  return {
    async receive(subject, take) {
      const path = subject.replaceAll('.', '/');
      const source = new EventSource(`${url}/subscribe/${path}?envelope=cloudevents&from=start`);
      source.onmessage = ({ data }) => take(gotOf(JSON.parse(String(data)) as CloudEventJson));
      await new Promise<void>((resolve, reject) => {
        source.onopen = () => resolve();
        source.onerror = (event) => reject(new Error(event.message));
      });
      return { stop: () => source.close() };
    },
  };
}

function gotOf(event: CloudEventJson): Got {
  return {
    payload: payloadOf(event),
    key: event.partitionkey ?? null,
    headers: undefined,
    contentType: event.datacontenttype,
  };
}

function payloadOf({ data, data_base64, datacontenttype }: CloudEventJson): Buffer {
  if (data_base64 !== undefined) return Buffer.from(data_base64, 'base64');
  const isJson = datacontenttype?.includes('json') === true;
  return Buffer.from(isJson ? JSON.stringify(data) : String(data));
}
