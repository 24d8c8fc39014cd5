/** A broker under test: Apache Kafka or Polywire. */
export interface Broker {
  readonly name: 'apache' | 'polywire';
  /** Without authentication. */
  readonly port: number;
  /** Where SASL is required. */
  readonly saslPort: number;
  readonly pid: number;
  /** `performance.now()` when its process was started. */
  readonly startedMs: number;
  /** Its temporary folder, which `stop` removes. */
  readonly folder: string;
  stop(): Promise<void>;
}

export interface BrokerOptions {
  readonly port?: number | undefined;
  /** The ports that clients are told, where they are others (a proxy's). */
  readonly advertised?: { readonly port: number; readonly saslPort: number };
  readonly users?: readonly User[];
  /** Settings of this kind of broker. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface User {
  readonly name: string;
  readonly password: string;
}

/** Who the scenarios log in as. */
export const USERS: readonly User[] = [{ name: 'alice', password: 'alice-secret' }];
