import { isUtf8 } from 'node:buffer';
import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import type { Broker } from '../broker.ts';
import { Calls, RPC_PREFIX } from '../calls.ts';
import { wasAccepted } from '../durable/find-message.ts';
import type { StoredReceipt } from '../durable/session-record.ts';
import { reasonOf } from '../faults.ts';
import { MqttMessage } from '../messages.ts';
import { checkTopic } from '../names.ts';
import type { Session } from '../session.ts';
import type { Topic } from '../topics.ts';
import { PACKET } from '../wire/packet-types.ts';
import type { PublishView } from '../wire/packets.ts';
import type { Properties } from '../wire/properties.ts';
import { MqttError, protocolError, REASON, type Reason } from '../wire/reasons.ts';
import type { ReceivedIds } from './received-ids.ts';

/** What the publisher needs of its connection. */
export interface PublisherLink {
  readonly modern: boolean;
  acknowledge(type: number, packetId: number, reason: number, text?: string): void;
  /** A client before MQTT 5 cannot be told that a message was refused. */
  refused(reason: Reason, text: string): void;
  /** What has to be kept cannot be. */
  failed(error: unknown): void;
  /** More waits for its commit than is allowed, or not any more. */
  congested(yes: boolean): void;
  /** Acknowledgements were written outside of a read. */
  settled(): void;
}

/** Messages of one read, which the hub gets as one batch. */
interface Batch {
  readonly messages: MqttMessage[];
  /** Packet identifiers, with QoS 2 marked; 0 at QoS 0. */
  readonly acks: number[];
  retains: boolean;
  bytes: number;
  /** What came of each, by its place; absent: success. */
  refusals: Map<number, Refusal> | undefined;
  /** Messages of QoS 2 of which it is not known whether the hub accepted them before it was
   * started anew, by their place. */
  earlier: Map<number, StoredReceipt> | undefined;
  /** Those that are not to be published: accepted before, or calls. */
  accepted: Set<number> | undefined;
  settled: boolean;
}

interface Refusal {
  readonly reason: Reason;
  readonly text: string;
}

const QOS_2 = 0x10000;
/** Bytes of messages of one connection that may wait for their commit. */
const MAX_PENDING_BYTES = 4_194_304;
const MAX_PENDING_BATCHES = 256;

/**
 * PUBLISH packets to messages of the hub: those of one read are one batch. Acknowledgements go out
 * in the order of the packets, when the hub has accepted the messages.
 */
export class Publisher {
  readonly #broker: Broker;
  readonly #link: PublisherLink;
  readonly #session: Session;
  readonly #received: ReceivedIds;
  readonly #receiveMaximum: number;
  readonly #maxAlias: number;
  #aliases: (Topic | undefined)[] | undefined;
  #calls: Calls | undefined;
  #batch: Batch = emptyBatch();
  #releases: number[] = [];
  /** Until it resolves, batches wait. */
  #gate: Promise<void> | undefined;
  #pending: Batch[] = [];
  #pendingBytes = 0;
  #congested = false;
  /** Messages of QoS 1 that are not acknowledged. */
  #unacknowledged = 0;

  constructor(broker: Broker, link: PublisherLink, session: Session) {
    this.#broker = broker;
    this.#link = link;
    this.#session = session;
    this.#received = session.received;
    this.#receiveMaximum = link.modern ? broker.options.receiveMaximum : Number.POSITIVE_INFINITY;
    this.#maxAlias = link.modern ? broker.options.topicAliasMaximum : 0;
  }

  /** Nothing waits for the hub. */
  get idle(): boolean {
    return this.#pending.length === 0 && this.#batch.messages.length === 0;
  }

  /** @throws MqttError for what ends the connection */
  publish(packet: PublishView): void {
    const { qos, packetId, properties, bytes, payloadStart, payloadEnd } = packet;
    const topic = this.#topicOf(packet);
    checkProperties(properties);
    const earlier = qos === 2 ? this.#received.again(packetId) : undefined;
    if (earlier === 'here') return;
    if (qos > 0 && earlier === undefined) this.#checkQuota();
    const batch = this.#batch;
    if (earlier !== undefined) {
      batch.earlier ??= new Map();
      batch.earlier.set(batch.messages.length, earlier);
    }
    const refusal = refusalOf(packet, topic);
    if (refusal !== undefined) {
      batch.refusals ??= new Map();
      batch.refusals.set(batch.messages.length, refusal);
    }
    const payload = this.#broker.slab.copy(bytes, payloadStart, payloadEnd);
    const { nowMs } = this.#broker;
    const message = new MqttMessage(
      topic,
      qos,
      packet.retain,
      payload,
      properties,
      nowMs(),
      this.#session.ids,
      earlier?.messageId,
    );
    if (qos === 1) this.#unacknowledged++;
    else if (qos === 2 && earlier === undefined) {
      const { id, subject, timeMs } = message;
      this.#received.add(packetId, id, subject, timeMs);
    }
    if (topic.text.startsWith(RPC_PREFIX)) {
      // A call, not a message for others. It is taken when it begins.
      this.#calls ??= new Calls(this.#broker, this.#session);
      this.#calls.handle(message);
      batch.accepted ??= new Set();
      batch.accepted.add(batch.messages.length);
    }
    batch.messages.push(message);
    batch.acks.push(qos === 2 ? packetId | QOS_2 : packetId);
    batch.bytes += payload.byteLength;
    if (packet.retain) batch.retains = true;
  }

  #topicOf({ bytes, topicStart, topicEnd, properties }: PublishView): Topic {
    const { topicAlias } = properties;
    const { topics } = this.#broker;
    if (topicAlias === undefined) return topics.find(bytes, topicStart, topicEnd);
    if (topicAlias === 0 || topicAlias > this.#maxAlias) {
      throw new MqttError(
        REASON.TOPIC_ALIAS_INVALID,
        `The topic alias ${topicAlias} is not among 1 to ${this.#maxAlias}.`,
      );
    }
    this.#aliases ??= [];
    if (topicStart === topicEnd) {
      const known = this.#aliases[topicAlias];
      if (known === undefined) throw protocolError(`The topic alias ${topicAlias} is not known.`);
      return known;
    }
    const topic = topics.find(bytes, topicStart, topicEnd);
    this.#aliases[topicAlias] = topic;
    return topic;
  }

  #checkQuota(): void {
    if (this.#unacknowledged + this.#received.size >= this.#receiveMaximum) {
      throw new MqttError(
        REASON.RECEIVE_MAXIMUM_EXCEEDED,
        `More than ${this.#receiveMaximum} messages were sent that are not acknowledged.`,
      );
    }
  }

  /** The connection is gone. */
  close(): void {
    this.#calls?.abort();
  }

  /** PUBREL came. */
  release(packetId: number): void {
    this.#releases.push(packetId);
  }

  /** Hands what has come to the hub. */
  flush(): void {
    const batch = this.#batch;
    const releases = this.#releases;
    if (batch.messages.length === 0 && releases.length === 0) return;
    this.#batch = emptyBatch();
    this.#releases = [];
    const known = releases.map((packetId) => this.#received.delete(packetId));
    const kept = this.#session.keepReceived();
    const complete = (): void => {
      for (const [index, packetId] of releases.entries()) {
        const reason = known[index] === true ? REASON.SUCCESS : REASON.PACKET_IDENTIFIER_NOT_FOUND;
        this.#link.acknowledge(PACKET.PUBCOMP, packetId, reason);
      }
    };
    if (isPromise(kept)) {
      kept.then(complete, (error) => this.#link.failed(error)).finally(() => this.#link.settled());
    } else complete();
    if (batch.messages.length > 0) this.#begin(batch, kept);
  }

  /** @param kept when it is kept which messages of QoS 2 came */
  #begin(batch: Batch, kept: MaybePromise<void>): void {
    this.#pending.push(batch);
    let answer: MaybePromise<void>;
    if (this.#gate === undefined && !isPromise(kept) && batch.earlier === undefined) {
      answer = this.#accept(batch);
    } else answer = this.#acceptLater(batch, kept);
    if (isPromise(answer)) this.#wait(batch, answer);
    else {
      batch.settled = true;
      this.#settle();
    }
  }

  /** One batch after the other begins: messages stay in order. */
  #acceptLater(batch: Batch, kept: MaybePromise<void>): Promise<void> {
    const begun = Promise.all([this.#gate, kept])
      .then(() => this.#leaveOutAccepted(batch))
      .then(
        () => ({ answer: this.#accept(batch) }),
        (error: unknown) => ({ answer: refuseAll(batch, error) }),
      );
    const gate = begun.then(() => {
      if (this.#gate === gate) this.#gate = undefined;
    });
    this.#gate = gate;
    return begun.then(({ answer }) => answer);
  }

  /** Messages of QoS 2 from before the hub was started that it had accepted then. */
  async #leaveOutAccepted(batch: Batch): Promise<void> {
    if (batch.earlier === undefined) return;
    const { hub } = this.#broker;
    for (const [index, receipt] of batch.earlier) {
      if (await wasAccepted(hub, receipt, this.#session.origin)) {
        batch.accepted ??= new Set();
        batch.accepted.add(index);
      }
    }
  }

  #accept(batch: Batch): MaybePromise<void> {
    if (batch.refusals !== undefined || batch.accepted !== undefined) return this.#oneByOne(batch);
    try {
      const answer = this.#publish(batch.messages, batch.retains);
      // A batch that cannot be stored is refused as a whole: its messages are not tried again.
      return isPromise(answer) ? answer.catch((error) => refuseAll(batch, error)) : answer;
    } catch (thrown) {
      if (batch.messages.length === 1) {
        refuseAll(batch, thrown);
        return undefined;
      }
      return this.#oneByOne(batch);
    }
  }

  #publish(messages: readonly MqttMessage[], retains: boolean): MaybePromise<void> {
    const { hub, retained } = this.#broker;
    const answer = hub.publish(messages, this.#session.origin);
    if (!retains) return answer;
    return isPromise(answer) ? answer.then(() => retained.put(messages)) : retained.put(messages);
  }

  /** Some of a batch were refused, and the others are not to suffer from it. */
  #oneByOne(batch: Batch): MaybePromise<void> {
    batch.refusals ??= new Map();
    const { refusals } = batch;
    const waiting: Promise<void>[] = [];
    batch.messages.forEach((message, index) => {
      if (refusals.has(index) || batch.accepted?.has(index) === true) return;
      const refuse = (thrown: unknown): void => {
        refusals.set(index, refusalOfFault(thrown));
      };
      try {
        const answer = this.#publish([message], message.retain);
        if (isPromise(answer)) waiting.push(answer.catch(refuse));
      } catch (thrown) {
        refuse(thrown);
      }
    });
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  #wait(batch: Batch, answer: Promise<void>): void {
    this.#pendingBytes += batch.bytes;
    this.#checkCongestion();
    void answer.then(() => {
      this.#pendingBytes -= batch.bytes;
      batch.settled = true;
      this.#settle();
      this.#checkCongestion();
      this.#link.settled();
    });
  }

  #checkCongestion(): void {
    const congested =
      this.#pendingBytes > MAX_PENDING_BYTES || this.#pending.length > MAX_PENDING_BATCHES;
    if (congested === this.#congested) return;
    this.#congested = congested;
    this.#link.congested(congested);
  }

  #settle(): void {
    while (this.#pending[0]?.settled === true) {
      const { acks, refusals } = this.#pending.shift()!;
      for (let index = 0; index < acks.length; index++) {
        this.#answer(acks[index]!, refusals?.get(index));
      }
    }
  }

  #answer(ack: number, refusal: Refusal | undefined): void {
    if (ack === 0) return;
    const packetId = ack & 0xffff;
    if (ack === packetId) this.#unacknowledged--;
    else if (refusal === undefined) this.#received.accepted(packetId);
    else this.#received.delete(packetId);
    if (refusal !== undefined && !this.#link.modern) {
      this.#link.refused(refusal.reason, refusal.text);
      if (this.#broker.options.refusedPublish === 'disconnect') return;
    }
    const type = ack === packetId ? PACKET.PUBACK : PACKET.PUBREC;
    this.#link.acknowledge(type, packetId, refusal?.reason ?? REASON.SUCCESS, refusal?.text);
  }
}

function emptyBatch(): Batch {
  return {
    messages: [],
    acks: [],
    retains: false,
    bytes: 0,
    refusals: undefined,
    earlier: undefined,
    accepted: undefined,
    settled: false,
  };
}

function refuseAll(batch: Batch, thrown: unknown): void {
  const refusal = refusalOfFault(thrown);
  batch.refusals = new Map(batch.messages.map((_, index) => [index, refusal]));
}

function refusalOfFault(thrown: unknown): Refusal {
  return { reason: reasonOf(thrown), text: (thrown as Error).message };
}

/** @throws MqttError for properties that end the connection (MQTT 5.0 section 3.3.2.3) */
function checkProperties({ subscriptionIdentifier, responseTopic }: Readonly<Properties>): void {
  if (subscriptionIdentifier !== undefined) {
    throw protocolError('A client published with a subscription identifier.');
  }
  if (responseTopic !== undefined) checkTopic(responseTopic);
}

/** What is wrong with one message alone. */
function refusalOf(packet: PublishView, topic: Topic): Refusal | undefined {
  if (topic.text.startsWith('$SYS/') || topic.text.startsWith('$share/')) {
    return { reason: REASON.TOPIC_NAME_INVALID, text: `Clients do not publish on ${topic.text}.` };
  }
  const { properties, bytes, payloadStart, payloadEnd } = packet;
  if (
    properties.payloadFormatIndicator === 1 &&
    !isUtf8(bytes.subarray(payloadStart, payloadEnd))
  ) {
    const text = 'The payload is said to be UTF-8 and is not.';
    return { reason: REASON.PAYLOAD_FORMAT_INVALID, text };
  }
  return undefined;
}
