import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub, Origin } from '../../hub/hub.ts';
import type { Streams } from '../../hub/streams.ts';
import type { Peer } from '../../hub/transport.ts';
import type { ByteBudget } from './budget.ts';
import type { AnyHandler } from './dispatch.ts';
import type { KafkaOptions } from './options.ts';
import type { ProducerIds } from './producer-ids.ts';
import type { Login } from './sasl/login.ts';

/** Host and port under which clients find this broker. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What all connections share: the one broker that a hub is to its Kafka clients. */
export interface Broker {
  readonly hub: Hub;
  readonly streams: Streams;
  readonly options: KafkaOptions;
  readonly meter: Meter;
  /** The same at every start of a hub on its data. 22 characters, as Kafka's own. */
  readonly clusterId: string;
  /** This broker's id, also the leader of every partition, the coordinator and the controller. */
  readonly nodeId: number;
  readonly producerIds: ProducerIds;
  /** Bytes of requests that are being handled, on all connections. */
  readonly budget: ByteBudget;
  /** Bytes of requests that have not arrived as a whole, on all connections. */
  readonly arriving: ByteBudget;
  /** Bytes of responses that clients are slow to take, on all connections. */
  readonly unsent: ByteBudget;
  /** By API key. */
  readonly handlers: ReadonlyMap<number, AnyHandler>;
  /** `listener` is called once when the hub stops, after the last connection is closed. */
  onClose(listener: () => void): void;
}

/** One connection, as handlers see it. */
export interface Client {
  readonly peer: Peer;
  /** The address part of what Kafka's tools show as a client's host. */
  readonly host: string;
  /** Whose requests these are; changes with SASL. */
  readonly origin: Origin;
  readonly login: Login;
  /** Where this client reaches the broker. */
  readonly advertised: Address;
  /** The hub drains or the connection is gone: answer what waits. `listener` is called once.
   * Answers how to take it back. */
  onEnd(listener: () => void): () => void;
}

/** The API that clients ask first. */
export const API_VERSIONS = 18;

/** Version of a request for ApiVersions whose own version is not served: the answer, in the form of
 * version 0, tells those that are. */
export const UNKNOWN_VERSION = -1;

/** What a handler knows of a request beside its content. */
export interface RequestContext {
  readonly broker: Broker;
  readonly client: Client;
  /** Of the API. */
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}
