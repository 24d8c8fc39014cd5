import type { RunningSystem } from '../config/assemble.ts';
import { printBanner, systemFacts } from './banner.ts';
import type { Output } from './output.ts';
import type { Stop } from './stopper.ts';

/** What the supervisor (`up --watch`) and the process that serves tell each other. */
export type ToSupervisor =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  /** Everything is loaded; waits for its turn. */
  | { readonly kind: 'loaded'; readonly host: string; readonly port: number }
  | { readonly kind: 'serving' };

export type FromSupervisor =
  /** The socket to listen on comes along; without one, it is opened as configured. */
  | { readonly kind: 'start'; readonly reload: boolean }
  | { readonly kind: 'stop'; readonly reason: string; readonly deadlineMs?: number };

/** Set in the environment of the process that serves. */
export const SUPERVISED = 'POLYWIRE_SUPERVISED';

export interface Supervision {
  /** Whether something served before. */
  readonly reload: boolean;
  tellFiles(files: readonly string[]): void;
  /** Resolves, with the descriptor of the listening socket, when it is our turn. */
  mayStart(listen: { readonly host: string; readonly port: number }): Promise<number | undefined>;
  tellServing(): void;
  onStop(order: (stop: Stop) => void): void;
}

let own: Supervision | undefined;

/** The supervisor's end in the process that serves; undefined where there is no supervisor. */
export function supervision(): Supervision | undefined {
  if (process.env[SUPERVISED] === undefined || process.send === undefined) return undefined;
  own ??= connect();
  return own;
}

function connect(): Supervision {
  let reload = false;
  const started = Promise.withResolvers<number | undefined>();
  const orders: ((stop: Stop) => void)[] = [];
  const tell = (message: ToSupervisor): void => {
    // A supervisor that is gone hears nothing; 'disconnect' stops us.
    if (process.connected) process.send?.(message);
  };
  const stop = (reason: string, deadlineMs?: number): void => {
    for (const order of orders) order({ reason, deadlineMs });
  };
  process.on('message', (message: FromSupervisor, handle: unknown) => {
    if (message.kind === 'stop') return stop(message.reason, message.deadlineMs);
    reload = message.reload;
    started.resolve(descriptorOf(handle));
  });
  process.on('disconnect', () => stop('the supervisor is gone'));
  return {
    get reload() {
      return reload;
    },
    tellFiles: (files) => tell({ kind: 'files', files }),
    mayStart: ({ host, port }) => {
      tell({ kind: 'loaded', host, port });
      return started.promise;
    },
    tellServing: () => tell({ kind: 'serving' }),
    onStop: (order) => orders.push(order),
  };
}

/** Keeps the handle alive: its descriptor is ours as long as it is. */
let received: unknown;

function descriptorOf(handle: unknown): number | undefined {
  received = handle;
  const { fd } = (received ?? {}) as { fd?: unknown };
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/** Says that the hub serves, to people and to the supervisor. */
export async function announce(
  system: RunningSystem,
  output: Output,
  supervised: Supervision | undefined,
): Promise<void> {
  const facts = systemFacts(system);
  if (output.json) output.value(facts);
  else if (supervised?.reload === true) {
    output.line(
      `${output.style('green', 'reloaded')} ${facts.url}  ${facts.contracts.map(({ name }) => name).join(', ')}`,
    );
  } else printBanner(facts, output);
  supervised?.tellServing();
}
