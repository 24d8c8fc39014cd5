import {
  buildClientSchema,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  type IntrospectionQuery,
  isCompositeType,
  isObjectType,
} from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { CloseCode, createClient as createWsClient } from 'graphql-ws';
import { fetch } from 'undici';
import { WebSocket } from 'ws';
import { Fault } from '../../../src/model/fault.ts';
import type { Address, CreateDriver, DriverOptions } from '../driver.ts';
import { FULL } from '../tokens.ts';

/** What every GraphQL client sends: here made from the schema that the hub shows. */
interface Request {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly key: string;
}

async function introspect({ url }: Address): Promise<GraphQLSchema> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${FULL}` },
    body: JSON.stringify({ query: getIntrospectionQuery() }),
  });
  const { data } = (await response.json()) as { data: IntrospectionQuery };
  return buildClientSchema(data);
}

function requestFor(schema: GraphQLSchema, operation: string, input: unknown): Request {
  const [service = '', member = ''] = operation.split('.');
  const key = service + member.charAt(0).toUpperCase() + member.slice(1);
  const roots: readonly (readonly [string, GraphQLObjectType | null | undefined])[] = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ];
  for (const [kind, type] of roots) {
    const field = type?.getFields()[key];
    if (field === undefined) continue;
    const types = field.args.map(({ name, type: needed }) => `$${name}: ${String(needed)}`);
    const given = field.args.map(({ name }) => `${name}: $${name}`);
    return {
      query: `${kind}(${types.join(', ')}) { ${key}(${given.join(', ')}) ${selectionOf(field)} }`,
      variables: input as Record<string, unknown>,
      key,
    };
  }
  return { query: `{ ${key} }`, variables: {}, key };
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type);
  if (!isCompositeType(type) || !isObjectType(type)) return '';
  return `{ ${Object.keys(type.getFields()).join(' ')} }`;
}

interface Result {
  readonly data?: unknown;
  readonly errors?: readonly unknown[];
}

function dataOf({ data, errors }: Result, key: string): unknown {
  const [error] = errors ?? [];
  if (error !== undefined) throw faultOf(error);
  return plain((data as Record<string, unknown>)[key]);
}

/** Clients make objects without a prototype; the cells compare with plain ones. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function faultOf(error: unknown): Fault {
  const { message, extensions } = error as { message: string; extensions: object };
  return Fault.fromJSON({ message, ...extensions });
}

function headersOf(options: DriverOptions): Record<string, string> {
  return {
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    ...(options.timeoutMs === undefined ? {} : { 'x-timeout-ms': String(options.timeoutMs) }),
  };
}

/** Queries and mutations by fetch, subscriptions by graphql-sse. */
export const sseDriver: CreateDriver = async (address) => {
  const schema = await introspect(address);
  const url = `${address.url}/graphql`;
  return {
    async unary(operation, input, options) {
      const { key, ...request } = requestFor(schema, operation, input);
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/graphql-response+json',
            ...headersOf(options),
          },
          body: JSON.stringify(request),
          signal: options.signal ?? null,
        });
        return dataOf((await response.json()) as Result, key);
      } catch (error) {
        throw givenUp(error, options);
      }
    },
    async *serverStream(operation, input, options) {
      const client = createSseClient({
        url,
        retryAttempts: 0,
        fetchFn: fetch,
        headers: headersOf(options),
      } as Parameters<typeof createSseClient>[0]);
      try {
        yield* items(client, requestFor(schema, operation, input), options);
      } catch (error) {
        const { response } = error as { response?: { json(): Promise<Result> } };
        if (response !== undefined) dataOf(await response.json(), '');
        throw givenUp(error, options);
      } finally {
        client.dispose();
      }
    },
  };
};

/** Everything by graphql-ws. */
export const webSocketDriver: CreateDriver = async (address) => {
  const schema = await introspect(address);
  async function* run(operation: string, input: unknown, options: DriverOptions) {
    const client = createWsClient({
      url: `${address.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams:
        options.token === undefined ? {} : { authorization: `Bearer ${options.token}` },
    });
    const extensions = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
    try {
      yield* items(client, { ...requestFor(schema, operation, input), extensions }, options);
    } catch (error) {
      if (Array.isArray(error)) throw faultOf(error[0]);
      if ((error as { code?: unknown }).code === CloseCode.Unauthorized) {
        throw new Fault('UNAUTHENTICATED', 'the connection was closed with 4401');
      }
      throw givenUp(error, options);
    } finally {
      await client.dispose();
    }
  }
  return {
    async unary(operation, input, options) {
      for await (const item of run(operation, input, options)) return item;
      throw new Error('no result came');
    },
    serverStream: run,
  };
};

interface Client {
  iterate(request: object): AsyncIterableIterator<unknown>;
}

async function* items(
  client: Client,
  { key, ...request }: Request & { readonly extensions?: object },
  { signal }: DriverOptions,
): AsyncGenerator<unknown, void> {
  const results = client.iterate(request);
  const leave = (): void => void results.return?.();
  signal?.addEventListener('abort', leave, { once: true });
  for await (const result of results) yield dataOf(result as Result, key);
  if (signal?.aborted) throw new Fault('CANCELLED', 'given up');
}

/** The client's own word for a call that it gave up itself. */
function givenUp(error: unknown, options: DriverOptions): unknown {
  return options.signal?.aborted ? new Fault('CANCELLED', 'given up') : error;
}
