import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHub, type RunningHub } from '../../src/hub/create-hub.ts';
import { completeOptions } from '../../src/hub/option-value.ts';
import { StorageOptions, type StreamOptions } from '../../src/hub/streams/settings.ts';
import { openLog } from '../../src/log/open-log.ts';
import { AuthenticationOptions, createAuthenticator } from '../../src/middleware/authenticate.ts';
import type { Application } from '../../src/model/application.ts';
import { createListener, type Listener } from '../../src/net/listener.ts';
import { completeNetOptions } from '../../src/net/options.ts';
import kafka from '../../src/protocols/kafka/index.ts';
import { KafkaOptions } from '../../src/protocols/kafka/options.ts';

export interface KafkaHubOptions {
  readonly kafka?: Partial<KafkaOptions>;
  readonly storage?: Partial<StorageOptions>;
  readonly streams?: Readonly<Record<string, Partial<StreamOptions>>>;
  readonly users?: readonly {
    readonly user: string;
    readonly password: string;
    readonly scopes?: string[];
  }[];
  readonly application?: Application;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** To start again on. */
  readonly folder?: string;
  /** To listen again on; a free one where it is left out. */
  readonly port?: number;
}

export interface KafkaHub {
  readonly hub: RunningHub;
  readonly listener: Listener;
  readonly port: number;
  /** `127.0.0.1:<port>` */
  readonly broker: string;
  /** What went wrong on the side of the hub. */
  readonly logged: string[];
  stop(): Promise<void>;
}

/** A hub on a free port of loopback that serves Kafka on a log of its own. */
export async function startKafkaHub(options: KafkaHubOptions = {}): Promise<KafkaHub> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'polywire-kafka-')));
  const engine = await openLog({ folder });
  const users = (options.users ?? []).map((user) => ({ scopes: ['*'], ...user }));
  const authenticator = createAuthenticator(completeOptions(AuthenticationOptions, { users }));
  const logged: string[] = [];
  const log = (fields: object, message: string): void => {
    logged.push(`${message} ${JSON.stringify(fields)} ${(fields as { err?: Error }).err?.stack}`);
  };
  const hub = createHub({
    authenticator,
    logger: { debug: () => undefined, info: log, warn: log, error: log },
    storage: {
      engine,
      storage: completeOptions(StorageOptions, { ...options.storage }),
      streams: Object.fromEntries(
        Object.entries(options.streams ?? {}).map(([name, given]) => [
          name,
          { enabled: true, ...given },
        ]),
      ),
      recordSource: 'urn:polywire:test',
    },
  });
  if (options.application !== undefined) hub.add(options.application);
  await hub.start();
  const meter = hub.diagnostics.meter('kafka');
  const server = kafka.serve(hub, completeOptions(KafkaOptions, options.kafka ?? {}), meter);
  const listener = await createListener(
    completeNetOptions({
      listen: { port: options.port ?? 0 },
      ...(options.tls === undefined ? {} : { tls: options.tls }),
    }),
    [{ protocol: kafka, server, meter }],
    hub.diagnostics,
  );
  const { port } = listener.address;
  return {
    hub,
    listener,
    port,
    broker: `127.0.0.1:${port}`,
    logged,
    async stop() {
      await listener.close();
      await hub.stop();
      await (server as { close?(): Promise<void> }).close?.();
      await engine.close();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
