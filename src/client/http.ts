import type { Contract } from '../model/contract.ts';
import { Fault } from '../model/fault.ts';
import { subjectLevels } from '../model/subject.ts';
import { EVENT_STREAM_TYPE, STREAM_EVENTS } from '../wire/event-stream.ts';
import { pathOfLevels } from '../wire/subject-path.ts';
import { CallScope } from './call-scope.ts';
import { eventsOf, headersOf, jsonOf, linesOf, problemOf } from './http-body.ts';
import { type HubRequest, subscribeByHttp } from './http-subscription.ts';
import { leavable } from './leavable.ts';
import {
  type CallOptions,
  isItemSource,
  type Outcome,
  type Received,
  type SubscribeOptions,
  type Transport,
} from './transport.ts';

/**
 * Calls over HTTP with nothing but `fetch`: every operation has the address
 * `POST /<service>/<operation>`, a stream that is sent is newline-delimited JSON, a stream that is
 * received is an event stream. Browsers cannot send a stream over HTTP/1.1; the WebSocket can.
 */
export class HttpTransport implements Transport {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #running = new Set<CallScope>();
  #closed: Fault | undefined;
  readonly #request: HubRequest = (path, scope, init) => this.#fetch(path, scope, init);

  /** @param url base address, without a slash at the end */
  constructor(url: string, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  call(operation: string, input: unknown, options: CallOptions): Outcome {
    const scope = this.#scope(options);
    const response = this.#post(operation, input, options, scope);
    // Whoever uses the outcome gets the fault; until then it must not end the process.
    response.catch(() => {});
    return {
      value: () => this.#value(response, scope),
      items: () =>
        leavable(this.#items(response, scope), () =>
          scope.end(new Fault('CANCELLED', 'The stream was left.')),
        ),
    };
  }

  async publish(subject: string, payload: unknown, options: CallOptions): Promise<void> {
    const scope = this.#scope(options);
    try {
      const headers = headersOf(options.metadata, 'application/json');
      const body = jsonOf(payload);
      const path = `/publish/${pathOfLevels(subjectLevels(subject))}`;
      const response = await this.#fetch(path, scope, { method: 'POST', headers, body });
      await response.body?.cancel();
    } catch (error) {
      throw scope.faultOf(error, this.#url);
    } finally {
      scope.done();
    }
  }

  subscribe(filter: string, options: SubscribeOptions): AsyncIterable<Received> {
    const scope = this.#scope(options);
    return subscribeByHttp(this.#request, filter, options, scope, this.#url);
  }

  close(reason: Fault): Promise<void> {
    this.#closed = reason;
    for (const scope of this.#running) scope.end(reason);
    return Promise.resolve();
  }

  async #post(
    operation: string,
    input: unknown,
    options: CallOptions,
    scope: CallScope,
  ): Promise<Response> {
    const path = `/${operation.replace('.', '/')}`;
    const streams = isItemSource(input);
    const type = streams ? 'application/x-ndjson' : 'application/json';
    try {
      const headers = headersOf(options.metadata, type);
      headers.set('accept', `application/json, ${EVENT_STREAM_TYPE}`);
      if (options.timeoutMs !== undefined) headers.set('x-timeout-ms', String(options.timeoutMs));
      const body = streams
        ? linesOf(input, (error) => scope.end(sourceFault(error)))
        : jsonOf(input ?? {});
      const init: RequestInit = { method: 'POST', headers, body, duplex: 'half' };
      return await this.#fetch(path, scope, init);
    } catch (error) {
      const fault = scope.faultOf(error, this.#url);
      scope.done();
      throw fault;
    }
  }

  async #value(answer: Promise<Response>, scope: CallScope): Promise<unknown> {
    const response = await answer;
    try {
      if (isEventStream(response)) {
        await response.body?.cancel();
        throw new Fault('INVALID_ARGUMENT', 'The answer is a stream; use "for await".');
      }
      return response.status === 204 ? null : await response.json();
    } catch (error) {
      throw scope.faultOf(error, this.#url);
    } finally {
      scope.done();
    }
  }

  async *#items(answer: Promise<Response>, scope: CallScope): AsyncGenerator<unknown> {
    try {
      const response = await answer;
      if (!isEventStream(response)) {
        await response.body?.cancel();
        throw new Fault('INVALID_ARGUMENT', 'The answer is one value; use "await".');
      }
      for await (const { event, data } of eventsOf(response)) {
        if (event === STREAM_EVENTS.end) return;
        if (event === STREAM_EVENTS.error) throw Fault.fromJSON(JSON.parse(data));
        yield JSON.parse(data);
      }
      throw new Fault('UNAVAILABLE', 'The connection broke before the stream had ended.');
    } catch (error) {
      throw scope.faultOf(error, this.#url);
    } finally {
      scope.done();
    }
  }

  #scope(options: Pick<CallOptions, 'signal' | 'timeoutMs'>): CallScope {
    const scope = new CallScope(options, (over) => this.#running.delete(over));
    if (this.#closed !== undefined) scope.end(this.#closed);
    else if (!scope.signal.aborted) this.#running.add(scope);
    return scope;
  }

  async #fetch(path: string, scope: CallScope, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#token !== undefined) headers.set('authorization', `Bearer ${this.#token}`);
    const response = await fetch(this.#url + path, { ...init, headers, signal: scope.signal });
    if (response.ok) return response;
    throw await problemOf(response);
  }
}

function sourceFault(cause: unknown): Fault {
  return new Fault('CANCELLED', 'The source of the items failed.', { cause });
}

function isEventStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith(EVENT_STREAM_TYPE) ?? false;
}

/** The contracts that a hub serves, in their neutral form. */
export async function fetchContracts(
  url: string,
  token: string | undefined,
): Promise<readonly Contract[]> {
  const headers = new Headers({ accept: 'application/json' });
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(`${url}/contract.json`, { headers });
  } catch (error) {
    throw new Fault('UNAVAILABLE', `The hub at ${url} was not reached.`, { cause: error });
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as readonly Contract[];
}
