import { Fault } from '../../model/fault.ts';
import type { Credentials } from '../../model/principal.ts';
import { fromOf, lastOf } from '../subscription-start.ts';
import { ExactNumber, idText, isCount, type RpcRequest } from './codec.ts';
import type { SubscribeRequest } from './subscription.ts';

/** Parameters of the `rpc.` methods, checked. Each throws a Fault INVALID_ARGUMENT that says which
 * member is wrong and what was expected. */

type Members = Readonly<Record<string, unknown>>;

export function membersOf(request: RpcRequest): Members {
  const { params, method } = request;
  if (params === undefined) return {};
  if (Array.isArray(params)) throw wrong(method, '', 'parameters by name, an object', 'an array');
  return params as Members;
}

/** A call's id as the text by which the session knows it. */
export function callIdOf(request: RpcRequest): string {
  const { id } = membersOf(request);
  if (typeof id !== 'string' && typeof id !== 'number' && !(id instanceof ExactNumber)) {
    throw wrong(request.method, '/id', 'the id of a running call', id);
  }
  return idText(id);
}

export function countOf(request: RpcRequest): number {
  const { count } = membersOf(request);
  if (!isCount(count)) throw wrong(request.method, '/count', 'a whole number from 1', count);
  return count;
}

export function itemsOf(request: RpcRequest): readonly unknown[] {
  const { items } = membersOf(request);
  if (!Array.isArray(items)) throw wrong(request.method, '/items', 'an array', items);
  return items;
}

/** Which subscription is meant; undefined where the request names none. */
export function subscriptionIdOf(request: RpcRequest): string | undefined {
  const { subscription } = membersOf(request);
  if (subscription !== undefined && typeof subscription !== 'string') {
    throw wrong(request.method, '/subscription', 'the id of a subscription', subscription);
  }
  return subscription;
}

export function subscribeRequestOf(request: RpcRequest): SubscribeRequest {
  const { filter, after, from, last, credit } = membersOf(request);
  const { method } = request;
  if (typeof filter !== 'string') throw wrong(method, '/filter', 'a subject filter', filter);
  if (after !== undefined && typeof after !== 'string') {
    throw wrong(method, '/after', 'the position of an earlier delivery', after);
  }
  if (credit !== undefined && credit !== 0 && !isCount(credit)) {
    throw wrong(method, '/credit', 'a whole number from 0', credit);
  }
  return {
    filter,
    after,
    from: fromOf(from, 'from'),
    last: lastOf(last, 'last'),
    credit: credit ?? request.credit,
  };
}

/** Messages to publish: `{messages: [...]}`, or one message as the parameters themselves. */
export function publicationsOf(request: RpcRequest): readonly unknown[] {
  const members = membersOf(request);
  const { messages } = members;
  if (messages === undefined) return [members];
  if (!Array.isArray(messages) || messages.length === 0) {
    throw wrong(request.method, '/messages', 'an array of one message or more', messages);
  }
  return messages;
}

/** `{token}`, or `{user, password}`; undefined where neither is given. */
export function credentialsIn(request: RpcRequest): Credentials | undefined {
  const { token, user, password } = membersOf(request);
  if (typeof token === 'string' && token !== '') return { kind: 'bearer', token };
  if (typeof user === 'string' && typeof password === 'string') {
    return { kind: 'password', user, password };
  }
  if (token === undefined && user === undefined && password === undefined) return undefined;
  // What came is a secret, even where its form is wrong: it is not shown.
  throw new Fault(
    'INVALID_ARGUMENT',
    `${request.method} takes {token} or {user, password}, as strings.`,
  );
}

function wrong(method: string, path: string, expected: string, received: unknown): Fault {
  const shown = (JSON.stringify(received) ?? 'nothing').slice(0, 80);
  return new Fault('INVALID_ARGUMENT', `${method}: ${path || 'params'} must be ${expected}.`, {
    violations: [{ path, expected, received: shown }],
  });
}
