import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { Fault } from '../../../src/model/fault.ts';
import type { Address, CreateDriver, DriverOptions } from '../driver.ts';

const TIMEOUT_META = 'polywire/timeoutMs';
const FAULT_META = 'polywire/fault';

/** What both generations of the official client have in common, as far as calls go. */
interface Caller {
  call(name: string, given: Record<string, unknown>, options: DriverOptions): Promise<ToolResult>;
  close(): Promise<void>;
}

interface ToolResult {
  readonly isError?: boolean | undefined;
  readonly structuredContent?: unknown;
  readonly _meta?: Readonly<Record<string, unknown>> | undefined;
}

type Connect = (address: Address, token: string | undefined) => Promise<Caller>;

const requestOf = (name: string, given: Record<string, unknown>, options: DriverOptions) => ({
  name,
  arguments: given,
  ...(options.timeoutMs === undefined ? {} : { _meta: { [TIMEOUT_META]: options.timeoutMs } }),
});

const headersOf = (token: string | undefined) => ({
  requestInit: { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } },
});

const connectModern: Connect = async ({ url }, token) => {
  const client = new Client(
    { name: 'matrix', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), headersOf(token)));
  return {
    call: (name, given, options) =>
      client.callTool(requestOf(name, given, options), signalOf(options)),
    close: () => client.close(),
  };
};

const connectSession: Connect = async ({ url }, token) => {
  const client = new SessionClient({ name: 'matrix', version: '1.0.0' });
  const transport = new SessionTransport(new URL(`${url}/mcp`), headersOf(token));
  await client.connect(transport as Transport);
  return {
    call: async (name, given, options) =>
      (await client.callTool(
        requestOf(name, given, options),
        undefined,
        signalOf(options),
      )) as ToolResult,
    close: () => client.close(),
  };
};

function signalOf({ signal }: DriverOptions): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** The fault that an error of the client stands for. */
function faultOf(error: unknown, options: DriverOptions): unknown {
  if (options.signal?.aborted) return new Fault('CANCELLED', 'given up');
  const { name, status, code, message, data } = error as {
    name: string;
    status?: number;
    code?: unknown;
    message: string;
    data?: object;
  };
  // Clients say only that credentials are wanted, by a class or by the status.
  if (name === 'UnauthorizedError' || status === 401 || code === 401) {
    return new Fault('UNAUTHENTICATED', message);
  }
  return data === undefined ? error : Fault.fromJSON({ message, ...data });
}

/** MCP has no streams of a client: the list holds what there is without waiting for more. */
async function taken(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const step = await Promise.race([
      iterator.next(),
      new Promise<undefined>((resolve) => setImmediate(resolve, undefined)),
    ]);
    if (step === undefined || step.done === true) return all;
    all.push(step.value);
  }
}

function driver(connect: Connect): CreateDriver {
  return (address) => {
    const callers = new Map<string, Promise<Caller>>();

    function as(token: string | undefined): Promise<Caller> {
      const name = token ?? '';
      let caller = callers.get(name);
      if (caller === undefined) {
        caller = connect(address, token);
        callers.set(name, caller);
        caller.catch(() => callers.delete(name));
      }
      return caller;
    }

    async function call(
      operation: string,
      given: unknown,
      options: DriverOptions,
    ): Promise<Record<string, unknown>> {
      let result: ToolResult;
      try {
        const caller = await as(options.token);
        result = await caller.call(
          operation.replace('.', '_'),
          given as Record<string, unknown>,
          options,
        );
      } catch (error) {
        throw faultOf(error, options);
      }
      if (result.isError === true) throw Fault.fromJSON(result._meta?.[FAULT_META]);
      return result.structuredContent as Record<string, unknown>;
    }

    async function* items(
      operation: string,
      given: unknown,
      options: DriverOptions,
    ): AsyncGenerator<unknown, void> {
      yield* (await call(operation, given, options)).items as unknown[];
    }

    return {
      unary: call,
      serverStream: items,
      clientStream: async (operation, stream, options) =>
        call(operation, { items: await taken(stream) }, options),
      bidirectional: async function* (operation, stream, options) {
        yield* items(operation, { items: await taken(stream) }, options);
      },
      close: async () => {
        for (const caller of callers.values()) await (await caller).close();
      },
    };
  };
}

export const modernDriver = driver(connectModern);
export const sessionDriver = driver(connectSession);
