import type { Address } from '../driver.ts';

/** A message as a publisher is told to publish it. */
export interface Sent {
  readonly key: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payload: Buffer;
  readonly contentType: string | undefined;
}

/** A message as it reached a receiver. What its protocol or client does not carry is undefined. */
export interface Got {
  readonly payload: Buffer;
  readonly key: string | null | undefined;
  /** Those of the publisher, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[] | undefined;
  readonly contentType: string | undefined;
}

export interface Publisher {
  /** In this order; resolves when the hub has accepted all. */
  publish(subject: string, messages: readonly Sent[]): Promise<void>;
  close?(): Promise<void> | void;
}

export interface Receiver {
  /** All messages of a subject from the start of its stream, and then as they come, each in the
   * turn in which it arrives. Resolves when it is under way. */
  receive(subject: string, take: (message: Got) => void): Promise<Receiving>;
  close?(): Promise<void> | void;
}

export interface Receiving {
  stop(): Promise<void> | void;
}

/** One side of the matrix: a protocol by one client. */
export interface Side<Driver> {
  /** Name of the protocol in src/standard.ts. */
  readonly protocol: string;
  readonly client: string;
  readonly create: (address: Address) => Driver | Promise<Driver>;
  /** Cells that it cannot try, and why. */
  readonly without?: Readonly<Record<string, string>>;
}
