import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authenticator } from '../hub/authenticator.ts';
import { createHub, type RunningHub } from '../hub/create-hub.ts';
import type { Logger } from '../hub/logger.ts';
import type { HubAddress, Protocol, ProtocolServer } from '../hub/protocol.ts';
import { DeclarationError } from '../hub/streams/declare.ts';
import { accessLog } from '../middleware/access-log.ts';
import { createAuthenticator } from '../middleware/authenticate.ts';
import { startTelemetry } from '../middleware/telemetry.ts';
import type { Application } from '../model/application.ts';
import { checkBind } from '../net/bind-policy.ts';
import { createListener, type Listener, type Mounted } from '../net/listener.ts';
import { MIDDLEWARE, PROTOCOLS } from '../standard.ts';
import { ConfigError } from './mistake.ts';
import { MONITORING, monitoringServer, type SystemView } from './monitoring.ts';
import type { Config } from './schema.ts';
import { openStorage } from './storage.ts';
import { protocolFacts } from './try-lines.ts';

export interface AssembleOptions {
  readonly config: Config;
  readonly applications: readonly Application[];
  /** Absent: nothing is logged. */
  readonly logger?: Logger | undefined;
  /** Descriptor of a bound socket to listen on, in place of binding `listen.host`. */
  readonly listenFd?: number | undefined;
  /** Applications and streams keep their state in temporary folders that go away with the hub. */
  readonly temporaryData?: boolean;
  /** Where another process has the streams of the data folder, take temporary ones. */
  readonly yieldsData?: boolean;
}

export interface ServedProtocol {
  readonly protocol: Protocol;
  readonly server: ProtocolServer;
}

/** Everything that runs: what `polywire up` and `startHub` start and stop. */
export interface RunningSystem {
  readonly hub: RunningHub;
  readonly listener: Listener;
  readonly address: HubAddress;
  readonly servers: readonly ServedProtocol[];
  readonly authentication: 'none' | 'required' | 'optional';
  readonly dataDirectory: string | undefined;
  /**
   * Graceful stop: no new calls, running ones finish, applications stop. Who connects meanwhile is
   * answered once, so that /readyz tells a load balancer.
   * @returns cut when calls still ran at the deadline
   */
  drain(deadlineMs: number): Promise<'drained' | 'cut'>;
  /** Stops without waiting for anybody. */
  close(): Promise<void>;
}

/** The addresses could not be opened. The message is for people; `cause` has the reason. */
export class ListenError extends Error {
  /** As the operating system names it, `EADDRINUSE`; undefined for what was refused here. */
  readonly code: string | undefined;

  constructor(cause: Error) {
    super(cause.message, { cause });
    this.name = 'ListenError';
    this.code = (cause as NodeJS.ErrnoException).code;
  }
}

/** A hub with its protocols at work, and no address. */
export interface ServedHub {
  readonly hub: RunningHub;
  readonly servers: readonly ServedProtocol[];
  readonly authenticator: Authenticator | undefined;
  readonly dataDirectory: string | undefined;
  /** Stops what was started here, without waiting for anybody. */
  stop(): Promise<void>;
}

/**
 * Starts a hub and lets the protocols serve it. Nothing is reachable: whoever asked brings the
 * connections.
 * @throws ConfigError, StorageError, or what an application threw at its start. Nothing is left
 *   running then.
 */
export async function serveHub(options: AssembleOptions): Promise<ServedHub> {
  const { config, logger } = options;
  const authenticator = authenticatorOf(config);
  const dataDirectory = options.temporaryData === true ? undefined : config.data;
  if (dataDirectory !== undefined) await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const telemetry = await startTelemetry(config.telemetry);
  const opened = await openStorage(config, {
    dataDirectory,
    yields: options.yieldsData === true,
    logger,
  }).catch(async (error: unknown) => {
    await telemetry.shutdown();
    throw error;
  });
  const hub = createHub({
    ...config.hub,
    storage: opened.storage,
    authenticator,
    logger,
    dataDirectory,
    middleware: [
      ...telemetry.middleware,
      ...(config.log.access && logger !== undefined ? [accessLog(logger)] : []),
      ...MIDDLEWARE,
    ],
  });
  const servers: ServedProtocol[] = [];
  const stop = async (): Promise<void> => {
    await hub.stop();
    await closeServers(servers);
    await opened.close();
    await telemetry.shutdown();
  };
  try {
    for (const application of options.applications) hub.add(application);
    await hub.start();
    for (const protocol of PROTOCOLS) {
      const section = config.protocols[protocol.name];
      if (section?.enabled !== true) continue;
      const meter = hub.diagnostics.meter(protocol.name);
      servers.push({ protocol, server: await protocol.serve(hub, section, meter) });
    }
  } catch (error) {
    await stop();
    if (!(error instanceof DeclarationError)) throw error;
    const { message, stream } = error;
    throw new ConfigError([
      {
        where: 'configuration',
        path: `streams.${stream}`,
        message: `streams.${stream}: ${message}`,
      },
    ]);
  }
  return { hub, servers, authenticator, dataDirectory, stop };
}

/**
 * Puts a hub together from a configuration and starts it; it takes calls when this resolves.
 * @throws ConfigError, ListenError, StorageError, or what an application threw at its start. Nothing is left
 *   running then.
 */
export async function assemble(options: AssembleOptions): Promise<RunningSystem> {
  const { config, logger } = options;
  refuseWideBind(config, config.auth.tokens.length + config.auth.users.length > 0);
  const served = await serveHub(options);
  const { hub, servers, authenticator, dataDirectory } = served;
  const listener: Listener = await createListener(
    withStandardPorts(config, servers),
    mounted(hub, servers, {
      metrics: config.telemetry.metrics,
      address: () => listener.address,
      protocols: (address) => protocolFacts(servers, address),
    }),
    hub.diagnostics,
    {
      authenticated: authenticator !== undefined,
      ...(logger === undefined ? {} : { logger }),
      ...(options.listenFd === undefined ? {} : { listenFd: options.listenFd }),
    },
  ).catch(async (error: Error) => {
    await served.stop();
    throw new ListenError(error);
  });
  const stop = async (deadlineMs: number): Promise<'drained' | 'cut'> => {
    const outcome = await stopSystem(hub, listener, deadlineMs, logger);
    await served.stop();
    return outcome;
  };
  const state = {
    none: authenticator === undefined,
    required: authenticator?.anonymous === 'deny',
  };
  return {
    hub,
    listener,
    address: listener.address,
    servers,
    authentication: state.none ? 'none' : state.required ? 'required' : 'optional',
    dataDirectory,
    drain: stop,
    close: async () => {
      await stop(0);
    },
  };
}

function authenticatorOf(config: Config): Authenticator | undefined {
  try {
    return createAuthenticator(config.auth);
  } catch (error) {
    const { message } = error as TypeError;
    throw new ConfigError([{ where: 'configuration', path: 'auth', message }]);
  }
}

/** Before anything starts: the listener would refuse it too, but late. */
function refuseWideBind({ listen }: Config, authenticated: boolean): void {
  try {
    for (const { host } of [listen, ...listen.also]) {
      checkBind(host, authenticated, listen.insecure);
    }
  } catch (error) {
    throw new ListenError(error as Error);
  }
}

/** `listen.standardPorts` as addresses. */
function withStandardPorts(config: Config, servers: readonly ServedProtocol[]): Config {
  const { listen } = config;
  if (!listen.standardPorts) return config;
  const taken = new Set([listen.port, ...listen.also.map(({ port }) => port)]);
  const standard = servers.flatMap(({ protocol: { standardPort: port } }) =>
    port === undefined || taken.has(port) ? [] : [{ host: listen.host, port }],
  );
  return { ...config, listen: { ...listen, also: [...listen.also, ...standard] } };
}

function mounted(hub: RunningHub, servers: readonly ServedProtocol[], view: SystemView): Mounted[] {
  return [
    ...servers.map(({ protocol, server }) => ({
      protocol,
      server,
      meter: hub.diagnostics.meter(protocol.name),
    })),
    {
      protocol: { name: MONITORING },
      server: monitoringServer(hub, view),
      meter: hub.diagnostics.meter(MONITORING),
    },
  ];
}

/** How long calls are taken after the last connection was. */
const LAST_CALLS_MS = 100;
/** How long connections have, after calls were ended at the deadline, to take that answer. */
const LAST_ANSWERS_MS = 500;

async function stopSystem(
  hub: RunningHub,
  listener: Listener,
  deadlineMs: number,
  logger: Logger | undefined,
): Promise<'drained' | 'cut'> {
  const connectionsDone =
    deadlineMs > 0 ? listener.drain(deadlineMs + LAST_ANSWERS_MS) : listener.close();
  // What had reached this process before it stopped listening is still taken.
  const graceMs = Math.min(LAST_CALLS_MS, deadlineMs);
  const timer = new AbortController();
  await Promise.race([
    connectionsDone,
    sleep(graceMs, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
  // Connections that are told to finish wait for their calls, which the hub ends.
  const [report] = await Promise.all([hub.drain(deadlineMs - graceMs), connectionsDone]);
  await listener.close();
  logger?.info(report, 'the hub stopped');
  return Object.keys(report.aborted).length === 0 ? 'drained' : 'cut';
}

async function closeServers(servers: readonly ServedProtocol[]): Promise<void> {
  for (const { server } of servers) await server.close?.();
}
