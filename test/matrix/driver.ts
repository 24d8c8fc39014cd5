export interface DriverOptions {
  /** Bearer token; none: without credentials. */
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * One third-party client, taught to call by operation name. What the protocol answered as an error
 * is thrown as a Fault, built from nothing but what came over the wire.
 */
export interface Driver {
  unary?(operation: string, input: unknown, options: DriverOptions): Promise<unknown>;
  serverStream?(operation: string, input: unknown, options: DriverOptions): AsyncIterable<unknown>;
  clientStream?(
    operation: string,
    items: AsyncIterable<unknown>,
    options: DriverOptions,
  ): Promise<unknown>;
  bidirectional?(
    operation: string,
    items: AsyncIterable<unknown>,
    options: DriverOptions,
  ): AsyncIterable<unknown>;
  close?(): Promise<void> | void;
}

/** Where the hub under test is. */
export interface Address {
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

export type CreateDriver = (address: Address) => Driver | Promise<Driver>;

export type Shape = 'unary' | 'serverStream' | 'clientStream' | 'bidirectional';

export const SHAPES: readonly Shape[] = ['unary', 'serverStream', 'clientStream', 'bidirectional'];

export async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function* send<T>(items: readonly T[]): AsyncGenerator<T, void> {
  yield* items;
}

/** Yields the items, then stays open until the signal is aborted. */
export async function* sendAndWait<T>(
  items: readonly T[],
  signal: AbortSignal,
): AsyncGenerator<T, void> {
  yield* items;
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
