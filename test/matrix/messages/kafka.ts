import { randomUUID } from 'node:crypto';
import { Consumer, Producer } from '@platformatic/kafka';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import type { Address } from '../driver.ts';
import type { Got, Publisher, Receiver, Sent } from './driver.ts';

/** Clients of the topic that has the subject's name. */

const CONTENT_TYPE = 'content-type';

function kafkaJs({ host, port }: Address): Kafka {
  return new Kafka({
    clientId: 'matrix',
    brokers: [`${host}:${port}`],
    logLevel: logLevel.NOTHING,
  });
}

export async function kafkaJsPublisher(address: Address): Promise<Publisher> {
  const producer = kafkaJs(address).producer();
  await producer.connect();
  return {
    async publish(subject, messages) {
      await producer.send({
        topic: subject,
        messages: messages.map((message) => ({
          key: message.key ?? null,
          value: message.payload,
          headers: Object.fromEntries(headersOf(message)),
        })),
      });
    },
    close: () => producer.disconnect(),
  };
}

export function kafkaJsReceiver(address: Address): Receiver {
  return {
    async receive(subject, take) {
      const consumer = kafkaJs(address).consumer({
        groupId: randomUUID(),
        // It waits for the answer to its last fetch before it stops.
        maxWaitTimeInMs: 200,
      });
      await consumer.connect();
      await consumer.subscribe({ topics: [subject], fromBeginning: true });
      const joined = new Promise<void>((resolve) => {
        consumer.on(consumer.events.GROUP_JOIN, () => resolve());
      });
      await consumer.run({
        eachMessage: async ({ message }) => take(gotOf(message.key, message.value, pairs(message))),
      });
      await joined;
      return { stop: () => consumer.disconnect() };
    },
  };
}

function* pairs({ headers }: KafkaMessage): Generator<[string, Buffer]> {
  for (const [name, values] of Object.entries(headers ?? {})) {
    for (const value of Array.isArray(values) ? values : [values]) {
      yield [name, Buffer.from(value ?? '')];
    }
  }
}

export function platformaticPublisher({ host, port }: Address): Publisher {
  const producer = new Producer({ clientId: 'matrix', bootstrapBrokers: [`${host}:${port}`] });
  return {
    async publish(subject, messages) {
      await producer.send({
        acks: -1,
        messages: messages.map((message) => ({
          topic: subject,
          ...(message.key === undefined ? {} : { key: Buffer.from(message.key) }),
          value: message.payload,
          headers: new Map(
            headersOf(message).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
          ),
        })),
      });
    },
    close: () => producer.close(),
  };
}

export function platformaticReceiver({ host, port }: Address): Receiver {
  return {
    async receive(subject, take) {
      const consumer = new Consumer({
        clientId: 'matrix',
        groupId: randomUUID(),
        bootstrapBrokers: [`${host}:${port}`],
      });
      const stream = await consumer.consume({ topics: [subject], mode: 'earliest' });
      stream.on('data', ({ key, value, headers }) => {
        const texts = [...headers].map(([name, bytes]) => [String(name), bytes] as const);
        take(gotOf(key ?? null, value, texts));
      });
      return { stop: () => consumer.close(true) };
    },
  };
}

function headersOf({ headers, contentType }: Sent): (readonly [string, string])[] {
  return contentType === undefined ? [...headers] : [...headers, [CONTENT_TYPE, contentType]];
}

function gotOf(
  key: Buffer | null,
  value: Buffer | null,
  headers: Iterable<readonly [string, Buffer]>,
): Got {
  const texts = [...headers].map(([name, bytes]) => [name, bytes.toString()] as const);
  return {
    payload: value ?? Buffer.alloc(0),
    key: key === null ? null : key.toString(),
    // Those of the hub's making: CloudEvents binary mode.
    headers: texts.filter(([name]) => name !== CONTENT_TYPE && !name.startsWith('ce_')),
    contentType: texts.find(([name]) => name === CONTENT_TYPE)?.[1],
  };
}
