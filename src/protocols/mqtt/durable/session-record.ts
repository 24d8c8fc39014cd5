import type { QoS } from '../wire/packet-types.ts';

/**
 * What is kept of a session that outlives its connection, in three records of one table: `s` its
 * subscriptions, `o` what it has been sent and not acknowledged, `i` what it has sent at QoS 2 and
 * not released. Each is JSON.
 */
export interface SessionRecord {
  readonly clientId: string;
  readonly principal: string;
  /** Begins the ids of its messages. */
  readonly tag: string;
  readonly expirySeconds: number;
  /** When it ends; null where its client was connected, or where it never ends. */
  readonly endsMs: number | null;
  readonly subscriptions: readonly StoredSubscription[];
}

export interface StoredSubscription {
  readonly filter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number;
}

/** A packet in flight: its sequence number, what the client owes, whose it is, its message. */
export type StoredPacket = readonly [
  sequence: number,
  owes: number,
  label: string,
  messageId: string,
];

export interface OutgoingRecord {
  /** Where each source goes on, by its label. */
  readonly positions: { readonly [label: string]: string };
  readonly oldest: number;
  readonly next: number;
  readonly packets: readonly StoredPacket[];
}

/** A message of QoS 2 from the client: what it takes to find out whether it was accepted. */
export interface StoredReceipt {
  readonly packetId: number;
  readonly messageId: string;
  readonly subject: string;
  readonly timeMs: number;
}

export interface IncomingRecord {
  readonly receipts: readonly StoredReceipt[];
}
