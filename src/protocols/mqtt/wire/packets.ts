import type { QoS, Version } from './packet-types.ts';
import type { Properties } from './properties.ts';

/** What clients send, as it was read. Strings and binary values are copies. */

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Readonly<Properties>;
}

export interface ConnectPacket {
  readonly version: Version;
  readonly cleanStart: boolean;
  /** Seconds; 0 for none. */
  readonly keepAlive: number;
  readonly clientId: string;
  readonly will: Will | undefined;
  readonly userName: string | undefined;
  readonly password: Buffer | undefined;
  readonly properties: Readonly<Properties>;
}

export interface SubscriptionRequest {
  readonly filter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** 0: send retained messages; 1: only for a new subscription; 2: do not. */
  readonly retainHandling: 0 | 1 | 2;
}

export interface SubscribePacket {
  readonly packetId: number;
  readonly subscriptions: readonly SubscriptionRequest[];
  readonly properties: Readonly<Properties>;
}

export interface UnsubscribePacket {
  readonly packetId: number;
  readonly filters: readonly string[];
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP. */
export interface AckPacket {
  readonly type: number;
  readonly packetId: number;
  readonly reason: number;
}

/** DISCONNECT or AUTH. */
export interface ReasonPacket {
  readonly reason: number;
  readonly properties: Readonly<Properties>;
}

/** A PUBLISH where it lies; the same object for each, valid during the call. */
export interface PublishView {
  readonly bytes: Buffer;
  readonly topicStart: number;
  readonly topicEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly duplicate: boolean;
  /** 0 at QoS 0. */
  readonly packetId: number;
  readonly properties: Readonly<Properties>;
}

/** Takes packets as they are read. What it throws ends the reading. */
export interface PacketSink {
  /** Nothing more is taken now: what follows is kept until `resume`. */
  readonly holding: boolean;
  connect(packet: ConnectPacket): void;
  publish(packet: PublishView): void;
  /** PUBACK, PUBREC, PUBREL, PUBCOMP; `reason` is 0 before MQTT 5. */
  acknowledged(type: number, packetId: number, reason: number): void;
  subscribe(packet: SubscribePacket): void;
  unsubscribe(packet: UnsubscribePacket): void;
  ping(): void;
  disconnect(packet: ReasonPacket): void;
  authenticate(packet: ReasonPacket): void;
}
