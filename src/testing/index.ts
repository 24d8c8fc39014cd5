import {
  type AnyContract,
  type Client,
  type ClientOptions,
  createClient,
} from '../client/index.ts';
import { assemble } from '../config/assemble.ts';
import type { Flag } from '../config/layers.ts';
import { loadConfig } from '../config/load.ts';
import type { RunningHub } from '../hub/create-hub.ts';
import type { Application } from '../model/application.ts';

export interface StartHubOptions {
  /** As in polywire.yaml: `{ auth: { tokens: [...] } }`. Environment variables do not count. */
  readonly config?: object | undefined;
  /** Where applications keep their state. Left out, it is a temporary folder that is removed when
   * the hub is closed. */
  readonly dataDirectory?: string | undefined;
}

/** A hub in this process, with every protocol, on a free port of the loopback address. */
export interface TestHub {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly hub: RunningHub;
  /** A typed client of this hub; it is closed with the hub. */
  client<C extends AnyContract>(
    contract: C,
    options?: Pick<ClientOptions<C>, 'over' | 'token' | 'timeoutMs'>,
  ): Client<C>;
  /** Ends what runs, closes clients and connections, stops the applications. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves applications for a test: `await using hub = await startHub(application)`. It takes calls
 * when this resolves.
 * @throws what an application threw at its start, or ConfigError for options that do not fit
 */
export async function startHub(
  applications: Application | readonly Application[],
  options: StartHubOptions = {},
): Promise<TestHub> {
  const { dataDirectory } = options;
  const set = {
    listen: { host: '127.0.0.1', port: 0 },
    ...(dataDirectory === undefined ? {} : { data: dataDirectory }),
  };
  const { config } = await loadConfig({
    environment: {},
    flags: [...flagsOf(set), ...flagsOf(options.config ?? {})],
  });
  const system = await assemble({
    config,
    applications: 'contract' in applications ? [applications] : applications,
    temporaryData: dataDirectory === undefined,
  });
  const { url, host, port } = system.address;
  const clients: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await system.close();
  };
  return {
    url,
    host,
    port,
    hub: system.hub,
    client(contract, clientOptions = {}) {
      const client = createClient({ ...clientOptions, url, contract });
      clients.push(client);
      return client;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Options as if each had been given by itself, so that those left out keep their defaults. */
function flagsOf(value: object, path: readonly string[] = []): Flag[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const here = [...path, name];
    const isSection = typeof member === 'object' && member !== null && !Array.isArray(member);
    return isSection
      ? flagsOf(member, here)
      : [{ path: here, value: member, where: 'startHub options' }];
  });
}
