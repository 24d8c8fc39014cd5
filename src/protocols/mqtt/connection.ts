import type { Connection, Receiver } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { type Credentials, NO_CREDENTIALS, type Principal } from '../../model/principal.ts';
import { AckBatch } from './ack-batch.ts';
import type { Broker, Timed } from './broker.ts';
import {
  checkConnect,
  clientIdOf,
  connackProperties,
  credentialsOf,
  willOf,
} from './connecting.ts';
import { AliasTable } from './delivering/aliases.ts';
import type { Link } from './delivering/outbox.ts';
import { reasonOf, reasonText } from './faults.ts';
import { PacketReader } from './frames.ts';
import { Publisher, type PublisherLink } from './inbound/publisher.ts';
import type { Session, SessionHolder } from './session.ts';
import { PACKET } from './wire/packet-types.ts';
import type {
  ConnectPacket,
  PacketSink,
  PublishView,
  ReasonPacket,
  SubscribePacket,
  UnsubscribePacket,
} from './wire/packets.ts';
import { MqttError, protocolError, REASON, type Reason } from './wire/reasons.ts';
import { connack, disconnect, PINGRESP, suback, unsuback } from './wire/write-packets.ts';

/** Largest packet before a client is known. */
const MAX_CONNECT_BYTES = 262_144;
/** A client that sends nothing for one and a half of its keep alive is gone. */
const KEEP_ALIVE_GRACE = 1.5;

/** One MQTT client's connection, over whatever carries its bytes. */
export class MqttConnection
  implements Receiver, PacketSink, Link, PublisherLink, SessionHolder, Timed
{
  readonly #broker: Broker;
  readonly #connection: Connection;
  readonly #reader: PacketReader;
  readonly #acks: AckBatch;
  /** Of what carries the bytes, for a CONNECT without credentials. */
  readonly #outer: Credentials;
  readonly #beganMs = Date.now();
  #phase: 'waiting' | 'open' | 'over' = 'waiting';
  /** Waits for the hub before it takes the next packet. */
  #busy = false;
  #packet: ConnectPacket | undefined;
  #session: Session | undefined;
  #publisher: Publisher | undefined;
  #lastMs = this.#beganMs;
  #silenceMs = Number.POSITIVE_INFINITY;
  #reading = false;
  #congested = false;
  /** The client has said farewell: its will is not published. */
  #farewell = false;
  aliases: AliasTable | undefined;
  receiveMaximum = 1;
  maxPacketBytes = Number.POSITIVE_INFINITY;

  constructor(broker: Broker, connection: Connection, outer: Credentials = NO_CREDENTIALS) {
    this.#broker = broker;
    this.#connection = connection;
    this.#outer = outer;
    this.#acks = new AckBatch(connection);
    this.#reader = new PacketReader(Math.min(MAX_CONNECT_BYTES, broker.options.maxPacketBytes));
    broker.connections.add(this);
  }

  get modern(): boolean {
    return this.#packet?.version === 5;
  }

  get idPrefix(): string {
    return this.#session!.ids.prefix;
  }

  get holding(): boolean {
    return this.#busy || this.#phase === 'over';
  }

  // --- What the connection tells ---

  data(bytes: Buffer): void {
    this.#lastMs = Date.now();
    if (this.#phase === 'over') return;
    this.#read(() => this.#reader.push(bytes, this));
  }

  #read(read: () => void): void {
    this.#reading = true;
    let error: unknown;
    try {
      read();
    } catch (thrown) {
      error = thrown;
    }
    // What came before a packet that is none was good.
    this.#publisher?.flush();
    this.#session?.outbox.pump();
    this.#reading = false;
    this.#acks.flush();
    if (error !== undefined) this.#fail(error);
  }

  ended(): void {
    this.#over();
    this.#connection.end();
  }

  drained(): void {
    this.#session?.outbox.drained();
    this.#acks.flush();
  }

  closed(): void {
    this.#over();
  }

  drain(): void {
    this.#end(REASON.SERVER_SHUTTING_DOWN, 'The hub is stopping.');
  }

  tick(nowMs: number): void {
    if (this.#phase === 'open') {
      if (nowMs - this.#lastMs > this.#silenceMs) {
        this.#end(REASON.KEEP_ALIVE_TIMEOUT, 'Nothing came for longer than the keep alive.');
      }
    } else if (
      this.#phase !== 'over' &&
      nowMs - this.#beganMs > this.#broker.options.connectTimeoutMs
    ) {
      this.#over();
      this.#connection.destroy();
    }
  }

  // --- Connecting ---

  connect(packet: ConnectPacket): void {
    this.#packet = packet;
    checkConnect(packet);
    const principal = this.#principalOf(packet);
    if (!isPromise(principal)) {
      this.#accept(packet, principal);
      return;
    }
    this.#wait(principal, (known) => this.#accept(packet, known));
  }

  /** Takes no packet until an answer is there. */
  #wait<T>(answer: Promise<T>, done: (value: T) => void): void {
    this.#busy = true;
    this.#connection.pause();
    const go = (act: () => void): void => {
      this.#busy = false;
      if (this.#phase === 'over') return;
      if (!this.#congested) this.#connection.resume();
      this.#read(() => {
        act();
        this.#reader.resume(this);
      });
    };
    answer.then(
      (value) => go(() => done(value)),
      (error) =>
        go(() => {
          throw error;
        }),
    );
  }

  #principalOf(packet: ConnectPacket): MaybePromise<Principal> {
    const credentials = credentialsOf(packet) ?? this.#outer;
    const { hub } = this.#broker;
    if (credentials.kind === 'none' && hub.anonymousDenied) {
      throw new MqttError(REASON.NOT_AUTHORIZED, 'The hub asks for credentials, and none came.');
    }
    return hub.authenticate(credentials);
  }

  #accept(packet: ConnectPacket, principal: Principal): void {
    const { options } = this.#broker;
    const { properties, keepAlive } = packet;
    if (this.#broker.hub.state === 'draining') {
      throw new MqttError(REASON.SERVER_SHUTTING_DOWN, 'The hub is stopping.');
    }
    this.receiveMaximum = Math.min(properties.receiveMaximum ?? 65_535, options.maxInFlight);
    this.maxPacketBytes = properties.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    const { topicAliasMaximum = 0 } = properties;
    this.aliases = topicAliasMaximum > 0 ? new AliasTable(topicAliasMaximum) : undefined;
    const clientId = clientIdOf(packet);
    const { session, present } = this.#broker.take(clientId, principal, packet.cleanStart, this);
    this.#session = session;
    const terms = connackProperties(packet, clientId, options);
    session.begin(terms.expirySeconds);
    session.will = willOf(packet, this.#broker, session.ids);
    const seconds = terms.keepAliveSeconds ?? keepAlive;
    if (seconds > 0) this.#silenceMs = seconds * 1000 * KEEP_ALIVE_GRACE;
    this.#publisher = new Publisher(this.#broker, this, session);
    session.received.confirm = (id) => this.acknowledge(PACKET.PUBREC, id, REASON.SUCCESS);
    this.#reader.maxBytes = options.maxPacketBytes;
    this.#phase = 'open';
    this.write(connack(packet.version, REASON.SUCCESS, present, terms.properties)!);
    session.resume(this.#broker.hub);
    session.outbox.attach(this);
  }

  // --- Packets ---

  publish(packet: PublishView): void {
    this.#publisher!.publish(packet);
  }

  /** PUBACK, PUBREC, PUBREL or PUBCOMP of the client. */
  acknowledged(type: number, packetId: number, reason: number): void {
    if (type !== PACKET.PUBREL) {
      this.#session!.outbox.acknowledged(type, packetId, reason);
      return;
    }
    this.#publisher!.release(packetId);
  }

  subscribe(packet: SubscribePacket): void {
    this.#publisher!.flush();
    const { options } = this.#broker;
    const session = this.#session!;
    const reasons = packet.subscriptions.map((request) => {
      if (request.noLocal && request.filter.startsWith('$share/')) {
        throw protocolError('A shared subscription asks for no local.');
      }
      if (
        session.subscriptions.size >= options.maxSubscriptions &&
        !session.subscriptions.has(request.filter)
      ) {
        return REASON.QUOTA_EXCEEDED;
      }
      try {
        session.subscribe(request, packet.properties, this.#broker);
        return request.qos;
      } catch (thrown) {
        return this.#subscribeReason(thrown);
      }
    });
    this.#afterKeeping(session, () => {
      this.write(suback(this.#packet!.version, packet.packetId, reasons));
    });
  }

  #subscribeReason(thrown: unknown): Reason {
    this.#broker.meter.refused++;
    if (thrown instanceof Fault && thrown.code === 'INVALID_ARGUMENT') {
      return REASON.TOPIC_FILTER_INVALID;
    }
    return reasonOf(thrown);
  }

  unsubscribe(packet: UnsubscribePacket): void {
    this.#publisher!.flush();
    const session = this.#session!;
    const reasons = packet.filters.map((filter) =>
      session.unsubscribe(filter) ? REASON.SUCCESS : REASON.NO_SUBSCRIPTION_EXISTED,
    );
    this.#afterKeeping(session, () => {
      this.write(unsuback(this.#packet!.version, packet.packetId, reasons));
    });
  }

  /** Answers when a session that outlives its connection is kept. */
  #afterKeeping(session: Session, answer: () => void): void {
    if (session.durable) this.#wait(session.keepSubscriptions(), answer);
    else answer();
  }

  ping(): void {
    this.write(PINGRESP);
  }

  disconnect({ reason, properties }: ReasonPacket): void {
    this.#publisher!.flush();
    const session = this.#session!;
    const { sessionExpiryInterval } = properties;
    if (sessionExpiryInterval !== undefined) {
      if (session.expirySeconds === 0 && sessionExpiryInterval > 0) {
        throw protocolError('DISCONNECT asks for a session that CONNECT did not ask for.');
      }
      const { maxSessionExpirySeconds } = this.#broker.options;
      session.begin(Math.min(sessionExpiryInterval, maxSessionExpirySeconds));
    }
    this.#farewell = reason === REASON.SUCCESS;
    this.#acks.flush();
    this.#over();
    this.#connection.end();
  }

  authenticate(): void {
    throw protocolError('AUTH came, and no authentication method was agreed on.');
  }

  // --- What is sent ---

  write(bytes: Buffer): boolean {
    this.#acks.flush();
    return this.#connection.write(bytes);
  }

  acknowledge(type: number, packetId: number, reason: number, text?: string): void {
    if (this.#phase === 'over') return;
    this.#acks.add(type, packetId, this.modern ? reason : REASON.SUCCESS, text);
    if (!this.#reading) this.#acks.flush();
  }

  refused(reason: Reason, text: string): void {
    if (this.#broker.options.refusedPublish === 'disconnect') this.#end(reason, text);
  }

  congested(yes: boolean): void {
    this.#congested = yes;
    if (yes) this.#connection.pause();
    else if (!this.#busy) this.#connection.resume();
  }

  settled(): void {
    this.#acks.flush();
  }

  // --- The end ---

  failed(error: unknown): void {
    this.#fail(error);
  }

  giveUp(reason: Reason, text: string): void {
    this.#end(reason, text);
  }

  #fail(error: unknown): void {
    if (!(error instanceof MqttError) && !(error instanceof Fault)) {
      const { address } = this.#connection.peer;
      this.#broker.hub.logger.error({ err: error, peer: address }, 'An MQTT connection failed');
    }
    const known = error instanceof MqttError || error instanceof Fault;
    const badLogin = error instanceof Fault && error.code === 'UNAUTHENTICATED';
    const reason =
      badLogin && this.#session === undefined ? REASON.BAD_USER_NAME_OR_PASSWORD : reasonOf(error);
    this.#broker.meter.refused++;
    this.#end(reason, known ? reasonText(error) : 'The hub failed.');
  }

  /** Tells the client why, where its version can be told, and closes. */
  #end(reason: Reason, text: string): void {
    if (this.#phase === 'over') return;
    const { address } = this.#connection.peer;
    this.#broker.hub.logger.info({ peer: address, reason: text }, 'An MQTT connection was closed');
    const wanted = this.#packet?.properties.requestProblemInformation !== 0;
    const properties = wanted ? { reasonString: text.slice(0, 1000) } : {};
    let bytes: Buffer | undefined;
    if (this.#session !== undefined) {
      if (this.modern) bytes = disconnect(reason, properties);
    } else {
      const version =
        this.#packet?.version ?? (reason === REASON.UNSUPPORTED_PROTOCOL_VERSION ? 4 : undefined);
      if (version !== undefined) bytes = connack(version, reason, false, properties);
    }
    this.#acks.flush();
    if (bytes !== undefined) this.#connection.write(bytes);
    this.#over();
    this.#connection.end();
  }

  /** The session is on its own from now on. */
  #over(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#broker.connections.delete(this);
    this.#publisher?.close();
    if (this.#session !== undefined) this.#broker.leave(this.#session, !this.#farewell);
  }
}
