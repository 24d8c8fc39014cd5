import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { Fault } from '../../../src/model/fault.ts';
import type { Address, Driver, DriverOptions } from '../driver.ts';

const NDJSON = 'application/x-ndjson';
/** Longer inputs go in a body: servers limit the length of an address. */
const MAX_QUERY_LENGTH = 4_000;

/** REST by undici; streams as NDJSON in both directions. */
export function ndjsonDriver(address: Address): Driver {
  const path = (operation: string): string => `${address.url}/${operation.replace('.', '/')}`;

  async function send(
    method: Dispatcher.HttpMethod,
    url: string,
    options: DriverOptions,
    accept: string,
    body?: { readonly type: string; readonly content: string | Readable },
  ): Promise<Dispatcher.ResponseData> {
    const response = await request(url, {
      method,
      body: body?.content ?? null,
      signal: options.signal ?? null,
      headers: {
        accept,
        ...(body === undefined ? {} : { 'content-type': body.type }),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.timeoutMs === undefined ? {} : { 'x-timeout-ms': String(options.timeoutMs) }),
      },
    });
    if (response.statusCode >= 400) throw Fault.fromJSON(problem(await response.body.json()));
    return response;
  }

  const ask = (operation: string, input: unknown, options: DriverOptions, accept: string) => {
    const query = new URLSearchParams(
      Object.entries(input as object).map(
        ([name, value]) => [name, String(value)] as [string, string],
      ),
    ).toString();
    const command = operation === 'matrix.change';
    return command || query.length > MAX_QUERY_LENGTH
      ? send('POST', path(operation), options, accept, {
          type: 'application/json',
          content: JSON.stringify(input),
        })
      : send('GET', `${path(operation)}?${query}`, options, accept);
  };

  const upload = (items: AsyncIterable<unknown>) => ({ type: NDJSON, content: lines(items) });

  return {
    unary: (operation, input, options) =>
      cancellable(options, async () =>
        (await ask(operation, input, options, 'application/json')).body.json(),
      ),
    clientStream: (operation, items, options) =>
      cancellable(options, async () =>
        (
          await send('POST', path(operation), options, 'application/json', upload(items))
        ).body.json(),
      ),
    serverStream: (operation, input, options) =>
      answers(options, () => ask(operation, input, options, NDJSON)),
    bidirectional: (operation, items, options) =>
      answers(options, () => send('POST', path(operation), options, NDJSON, upload(items))),
  };
}

function problem(document: unknown): unknown {
  const { detail, ...others } = document as { detail?: unknown };
  return { ...others, message: detail };
}

/** The client's own word for a call that it gave up itself. */
async function cancellable<T>(options: DriverOptions, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (options.signal?.aborted) throw new Fault('CANCELLED', 'given up');
    throw error;
  }
}

function lines(items: AsyncIterable<unknown>): Readable {
  return Readable.from(
    (async function* () {
      for await (const item of items) yield `${JSON.stringify(item)}\n`;
    })(),
  );
}

async function* answers(
  options: DriverOptions,
  start: () => Promise<Dispatcher.ResponseData>,
): AsyncGenerator<unknown, void> {
  let text = '';
  try {
    const response = await start();
    response.body.setEncoding('utf8');
    for await (const chunk of response.body) {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        if (line !== '') yield itemOf(JSON.parse(line));
      }
    }
  } catch (error) {
    if (options.signal?.aborted) throw new Fault('CANCELLED', 'given up');
    throw error;
  }
}

function itemOf(line: unknown): unknown {
  if (typeof line === 'object' && line !== null && 'error' in line) {
    throw Fault.fromJSON((line as { error: unknown }).error);
  }
  return line;
}
