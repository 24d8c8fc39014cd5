import mqtt, { type IClientPublishOptions, type MqttClient } from 'mqtt';
import type { Address } from '../driver.ts';
import type { Got, Publisher, Receiver, Sent } from './driver.ts';

/** mqtt.js in both versions of the protocol. */

type Version = 4 | 5;

const KEY = 'message-key';

async function connect({ host, port }: Address, protocolVersion: Version): Promise<MqttClient> {
  return mqtt.connectAsync({ host, port, protocol: 'mqtt', protocolVersion, reconnectPeriod: 0 });
}

const topicOf = (subject: string): string => subject.replaceAll('.', '/');

function propertiesOf({ key, headers, contentType }: Sent): IClientPublishOptions['properties'] {
  const users = key === undefined ? [...headers] : [...headers, [KEY, key] as const];
  return {
    ...(contentType === undefined ? undefined : { contentType }),
    // mqtt.js sends nothing at all where there are none in it.
    ...(users.length === 0 ? undefined : { userProperties: Object.fromEntries(users) }),
  };
}

export const mqttPublisher =
  (version: Version) =>
  async (address: Address): Promise<Publisher> => {
    const client = await connect(address, version);
    return {
      async publish(subject, messages) {
        await Promise.all(
          messages.map((message) =>
            client.publishAsync(topicOf(subject), message.payload, {
              qos: 1,
              ...(version === 5 ? { properties: propertiesOf(message)! } : undefined),
            }),
          ),
        );
      },
      close: () => client.endAsync(),
    };
  };

export const mqttReceiver =
  (version: Version) =>
  (address: Address): Receiver => ({
    async receive(subject, take) {
      const client = await connect(address, version);
      client.on('message', (_topic, payload, { properties }) => {
        const users = Object.entries(properties?.userProperties ?? {}) as [string, string][];
        const got: Got = {
          payload,
          key: version === 5 ? (users.find(([name]) => name === KEY)?.[1] ?? null) : undefined,
          headers: version === 5 ? users.filter(([name]) => name !== KEY) : undefined,
          contentType: properties?.contentType,
        };
        take(got);
      });
      await client.subscribeAsync(topicOf(subject), {
        qos: 1,
        ...(version === 5 ? { properties: { userProperties: { from: 'start' } } } : undefined),
      });
      return { stop: () => client.endAsync() };
    },
  });
