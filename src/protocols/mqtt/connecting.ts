import { randomBytes } from 'node:crypto';
import type { Credentials } from '../../model/principal.ts';
import type { Broker } from './broker.ts';
import { type MessageIds, MqttMessage } from './messages.ts';
import { checkTopic } from './names.ts';
import type { MqttOptions } from './options.ts';
import { FOREVER_SECONDS, type PendingWill } from './session.ts';
import type { ConnectPacket } from './wire/packets.ts';
import type { Properties } from './wire/properties.ts';
import { MqttError, REASON } from './wire/reasons.ts';

/** What a CONNECT asks for, and what it gets. */

const MAX_CLIENT_ID = 1024;

/** @throws MqttError for what is refused whoever asks */
export function checkConnect({
  clientId,
  cleanStart,
  version,
  will,
  properties,
}: ConnectPacket): void {
  if (clientId === '' && version < 5 && !cleanStart) {
    throw new MqttError(
      REASON.CLIENT_IDENTIFIER_NOT_VALID,
      'A session that is to be kept needs a client identifier.',
    );
  }
  if (clientId.length > MAX_CLIENT_ID) {
    throw new MqttError(
      REASON.CLIENT_IDENTIFIER_NOT_VALID,
      `The client identifier has ${clientId.length} characters; at most ${MAX_CLIENT_ID} are taken.`,
    );
  }
  if (properties.authenticationMethod !== undefined) {
    throw new MqttError(
      REASON.BAD_AUTHENTICATION_METHOD,
      `The authentication method ${JSON.stringify(properties.authenticationMethod.slice(0, 80))} is not known.`,
    );
  }
  if (will === undefined) return;
  checkTopic(will.topic);
  if (will.properties.responseTopic !== undefined) checkTopic(will.properties.responseTopic);
}

/** The client's own identifier, or one that is made for it. */
export function clientIdOf({ clientId }: ConnectPacket): string {
  return clientId === '' ? `auto-${randomBytes(12).toString('base64url')}` : clientId;
}

/**
 * A user name with a password; a password alone, or with an empty user name, is a bearer token.
 * Undefined where there is neither.
 */
export function credentialsOf({ userName, password }: ConnectPacket): Credentials | undefined {
  if (password !== undefined && (userName === undefined || userName === '')) {
    return { kind: 'bearer', token: password.toString('utf8') };
  }
  if (userName === undefined) return undefined;
  return { kind: 'password', user: userName, password: password?.toString('utf8') ?? '' };
}

/** What the session gets. */
export interface Terms {
  readonly expirySeconds: number;
  /** Undefined where it is what the client asked for. */
  readonly keepAliveSeconds: number | undefined;
  readonly properties: Readonly<Properties>;
}

export function connackProperties(
  packet: ConnectPacket,
  clientId: string,
  options: MqttOptions,
): Terms {
  const { properties: asked, version, cleanStart } = packet;
  // Before MQTT 5 a session that is not clean is kept for ever.
  const wanted =
    version === 5 ? (asked.sessionExpiryInterval ?? 0) : cleanStart ? 0 : FOREVER_SECONDS;
  const expirySeconds = Math.min(wanted, options.maxSessionExpirySeconds);
  const { maxKeepAliveSeconds: longest } = options;
  const shorter = longest > 0 && (packet.keepAlive === 0 || packet.keepAlive > longest);
  const keepAliveSeconds = shorter && version === 5 ? longest : undefined;
  const properties: Properties = {
    receiveMaximum: options.receiveMaximum,
    maximumPacketSize: options.maxPacketBytes,
    topicAliasMaximum: options.topicAliasMaximum,
  };
  if (expirySeconds !== wanted) properties.sessionExpiryInterval = expirySeconds;
  if (packet.clientId === '') properties.assignedClientIdentifier = clientId;
  if (keepAliveSeconds !== undefined) properties.serverKeepAlive = keepAliveSeconds;
  return { expirySeconds, keepAliveSeconds, properties };
}

export function willOf(
  { will }: ConnectPacket,
  broker: Broker,
  ids: MessageIds,
): PendingWill | undefined {
  if (will === undefined) return undefined;
  const { payload, qos, retain, properties } = will;
  const topic = broker.topics.ofText(will.topic);
  const message = () =>
    new MqttMessage(topic, qos, retain, payload, properties, broker.nowMs(), ids);
  return { message, delaySeconds: properties.willDelayInterval ?? 0 };
}
