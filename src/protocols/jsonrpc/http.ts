import { JSON_HEADERS, NO_HEADERS } from '../../hub/header-list.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Principal } from '../../model/principal.ts';
import { requestBytes } from '../../wire/compression.ts';
import { principalOf } from '../../wire/http-call.ts';
import { HttpCaller } from '../../wire/http-caller.ts';
import {
  answerUnary,
  type Caller,
  type RpcService,
  refuse,
  unknownMethod,
} from '../../wire/jsonrpc/answer.ts';
import {
  idText,
  idTextOf,
  parseRpc,
  type RpcRequest,
  requestFault,
} from '../../wire/jsonrpc/codec.ts';
import { PARSE_ERROR, RpcFault } from '../../wire/jsonrpc/faults.ts';
import { messageText } from '../../wire/jsonrpc/framing.ts';
import { answerServiceMethod, needsSession } from '../../wire/jsonrpc/service-methods.ts';
import { batchFault, joinAnswers } from '../../wire/jsonrpc/session.ts';
import { HttpFault } from '../../wire/problem.ts';

/** JSON-RPC over HTTP: one POST carries a request, a notification or a batch of them. Errors of
 * JSON-RPC have status 200; what is no JSON-RPC at all (415, 413) has a status of its own. */
export class HttpRpc {
  readonly #service: RpcService;

  constructor(service: RpcService) {
    this.#service = service;
  }

  handle(exchange: Exchange): MaybePromise<void> {
    checkContentType(exchange.headers.get('content-type'));
    const body = requestBytes(exchange, this.#service.limits.maxMessageBytes);
    return isPromise(body)
      ? body.then((bytes) => this.#read(exchange, bytes))
      : this.#read(exchange, body);
  }

  #read(exchange: Exchange, body: Buffer): MaybePromise<void> {
    let value: unknown;
    try {
      const text = messageText(body);
      if (text === undefined) throw new RpcFault(PARSE_ERROR, 'The body is not UTF-8.');
      value = parseRpc(text, this.#service.limits.maxDepth);
    } catch (error) {
      return respond(exchange, refuse(this.#service, 'null', Fault.from(error)));
    }
    let principal: MaybePromise<Principal>;
    try {
      principal = principalOf(this.#service.hub, exchange);
    } catch (error) {
      return respond(exchange, this.#refuseAll(value, Fault.from(error)));
    }
    if (isPromise(principal)) return this.#readLater(exchange, value, principal);
    return this.#run(exchange, value, principal);
  }

  async #readLater(exchange: Exchange, value: unknown, pending: Promise<Principal>): Promise<void> {
    let principal: Principal;
    try {
      principal = await pending;
    } catch (error) {
      return respond(exchange, this.#refuseAll(value, Fault.from(error)));
    }
    return this.#run(exchange, value, principal);
  }

  #run(exchange: Exchange, value: unknown, principal: Principal): MaybePromise<void> {
    let caller: HttpCaller;
    try {
      caller = new HttpCaller(exchange, principal);
    } catch (error) {
      return respond(exchange, this.#refuseAll(value, Fault.from(error)));
    }
    const answer = Array.isArray(value) ? this.#batch(value, caller) : this.#one(value, caller);
    return isPromise(answer)
      ? answer.then((text) => respond(exchange, text))
      : respond(exchange, answer);
  }

  #batch(values: readonly unknown[], caller: Caller): MaybePromise<string | undefined> {
    const fault = batchFault(values, this.#service.limits.maxBatch);
    if (fault !== undefined) return refuse(this.#service, 'null', fault);
    return joinAnswers(values.map((value) => this.#one(value, caller)));
  }

  /** The text of the response; undefined for a notification. Never rejects. */
  #one(value: unknown, caller: Caller): MaybePromise<string | undefined> {
    const fault = requestFault(value);
    if (fault !== undefined) return refuse(this.#service, idTextOf(value), fault);
    const request = value as RpcRequest;
    const { method } = request;
    const endpoint = this.#service.hub.endpoint(method);
    if (endpoint !== undefined) {
      const { input, output } = endpoint.operation;
      if (!input.stream && !output.stream) {
        return answerUnary(this.#service, request, endpoint, caller);
      }
    }
    const id = request.id === undefined ? undefined : idText(request.id);
    if (method.startsWith('rpc.')) return answerServiceMethod(this.#service, request, id, caller);
    return refuse(
      this.#service,
      id,
      endpoint === undefined ? unknownMethod(method) : needsSession(`${method} streams; it`),
    );
  }

  /** The same fault for every request that came. */
  #refuseAll(value: unknown, fault: Fault): string | undefined {
    const refuseOne = (request: unknown) => {
      const isNotification =
        requestFault(request) === undefined && (request as RpcRequest).id === undefined;
      return refuse(this.#service, isNotification ? undefined : idTextOf(request), fault);
    };
    if (!Array.isArray(value)) return refuseOne(value);
    if (batchFault(value, this.#service.limits.maxBatch) !== undefined) {
      return refuse(this.#service, 'null', fault);
    }
    return joinAnswers(value.map(refuseOne)) as string | undefined;
  }
}

function respond(exchange: Exchange, text: string | undefined): void {
  if (exchange.finished) return;
  if (text === undefined) exchange.respond(204, NO_HEADERS);
  else exchange.respond(200, JSON_HEADERS, text);
}

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?;?$/i;

function checkContentType(contentType: string | undefined): void {
  if (contentType === 'application/json') return;
  if (contentType !== undefined && JSON_TYPE.test(contentType)) return;
  throw new HttpFault(
    415,
    'INVALID_ARGUMENT',
    `JSON-RPC comes as application/json in UTF-8; Content-Type was ${JSON.stringify((contentType ?? 'absent').slice(0, 80))}.`,
    ['accept-post', 'application/json'],
  );
}
