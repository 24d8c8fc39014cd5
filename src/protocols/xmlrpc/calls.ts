import { authorizeKnown } from '../../hub/authorize.ts';
import type { Meter } from '../../hub/diagnostics.ts';
import type { Endpoint, Hub } from '../../hub/hub.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import { bindingOf, inputOf } from './binding.ts';
import type { Caller } from './caller.ts';
import { invalidParameters, invalidRequest } from './faults.ts';
import type { XmlRpcOptions } from './options.ts';
import { itemsOf, memberOf, textOf } from './read-value.ts';
import type { MethodCall } from './request.ts';
import { faultValue } from './response.ts';
import { ANY_SHAPE } from './shape.ts';
import { isUnary, MULTICALL, noSuchMethod, runSystemMethod } from './system-methods.ts';
import { writeValue } from './write-value.ts';

/** Runs method calls; answers are `<value>` texts. */
export class Calls {
  readonly #hub: Hub;
  readonly #options: XmlRpcOptions;
  readonly #meter: Meter;

  constructor(hub: Hub, options: XmlRpcOptions, meter: Meter) {
    this.#hub = hub;
    this.#options = options;
    this.#meter = meter;
  }

  /** Throws or rejects with what becomes a fault. */
  run(request: MethodCall, caller: Caller): MaybePromise<string> {
    return request.method === MULTICALL
      ? this.#multicall(request.params, caller)
      : this.#one(request, caller);
  }

  /** Counts a request that no handler sees. */
  refuse(fault: unknown): Fault {
    this.#meter.received++;
    this.#meter.refused++;
    return Fault.from(fault);
  }

  #one({ method, params }: MethodCall, caller: Caller): MaybePromise<string> {
    const endpoint = this.#hub.endpoint(method);
    if (endpoint !== undefined && isUnary(endpoint)) return this.#invoke(endpoint, params, caller);
    try {
      authorizeKnown(this.#hub, caller.principal, 'The contract');
      const answer = runSystemMethod(this.#hub, method, params);
      if (answer === undefined) throw noSuchMethod(method, endpoint);
      const text = writeValue(answer, ANY_SHAPE, this.#options);
      this.#meter.received++;
      this.#meter.sent++;
      return text;
    } catch (error) {
      throw this.refuse(error);
    }
  }

  #invoke(endpoint: Endpoint, params: readonly XmlElement[], caller: Caller): MaybePromise<string> {
    let input: unknown;
    try {
      input = inputOf(endpoint, params, this.#options.maxDepth);
    } catch (error) {
      throw this.refuse(error);
    }
    const call = caller.call(input);
    let result: MaybePromise<unknown>;
    try {
      result = this.#hub.invoke(endpoint, call, this.#meter);
    } catch (error) {
      caller.ended(call);
      throw error;
    }
    if (isPromise(result)) return this.#invokeLater(endpoint, call, caller, result);
    caller.ended(call);
    return this.#write(endpoint, result);
  }

  async #invokeLater(
    endpoint: Endpoint,
    call: Call,
    caller: Caller,
    result: Promise<unknown>,
  ): Promise<string> {
    caller.began(call);
    try {
      return this.#write(endpoint, await result);
    } finally {
      caller.ended(call);
    }
  }

  #write(endpoint: Endpoint, value: unknown): string {
    try {
      return writeValue(value, bindingOf(endpoint).output, this.#options);
    } catch (error) {
      const { code, message } = Fault.from(error);
      // It is not the caller's fault that XML has no such character.
      throw new Fault(
        code === 'INVALID_ARGUMENT' ? 'INTERNAL' : code,
        `The answer of ${endpoint.name} cannot be written as XML-RPC: ${message}`,
        { cause: error },
      );
    }
  }

  /** Calls one after another, in their order; each has its own answer or fault. */
  #multicall(params: readonly XmlElement[], caller: Caller): MaybePromise<string> {
    let calls: readonly XmlElement[];
    try {
      calls = this.#callsIn(params);
    } catch (error) {
      throw this.refuse(error);
    }
    let text = '<value><array><data>';
    for (let index = 0; index < calls.length; index++) {
      const answer = this.#entry(calls[index]!, caller);
      if (isPromise(answer)) return this.#multicallLater(text, calls, index, answer, caller);
      text += answer;
    }
    return `${text}</data></array></value>`;
  }

  async #multicallLater(
    before: string,
    calls: readonly XmlElement[],
    index: number,
    pending: Promise<string>,
    caller: Caller,
  ): Promise<string> {
    let text = before + (await pending);
    for (let next = index + 1; next < calls.length; next++) {
      if (caller.aborted) throw new Fault('CANCELLED', 'The caller gave up.');
      text += await this.#entry(calls[next]!, caller);
    }
    return `${text}</data></array></value>`;
  }

  #callsIn(params: readonly XmlElement[]): readonly XmlElement[] {
    const array = params[0]?.children[0];
    if (params.length !== 1 || array === undefined || array.name !== 'array') {
      throw invalidParameters(`${MULTICALL} takes one array of structs.`);
    }
    const calls = itemsOf(array);
    const { maxMulticall } = this.#options;
    if (calls.length <= maxMulticall) return calls;
    throw new Fault(
      'RESOURCE_EXHAUSTED',
      `${MULTICALL} holds ${calls.length} calls; at most ${maxMulticall} are taken.`,
    );
  }

  /** Never throws, never rejects. */
  #entry(value: XmlElement, caller: Caller): MaybePromise<string> {
    let answer: MaybePromise<string>;
    try {
      answer = this.#one(this.#entryCall(value), caller);
    } catch (error) {
      return faultValue(Fault.from(error), this.#options);
    }
    return isPromise(answer)
      ? answer.then(inArray, (error: unknown) => faultValue(Fault.from(error), this.#options))
      : inArray(answer);
  }

  #entryCall(value: XmlElement): MethodCall {
    try {
      return this.#readEntry(value);
    } catch (error) {
      throw this.refuse(error);
    }
  }

  #readEntry(value: XmlElement): MethodCall {
    const struct = value.children[0];
    let method: string | undefined;
    let params: readonly XmlElement[] | undefined;
    if (struct?.name !== 'struct') throw badEntry();
    for (const member of struct.children) {
      const { name, value: content } = memberOf(member);
      const typed = content.children[0];
      if (textOf(name) === 'methodName' && method === undefined) {
        method = textOf(typed?.name === 'string' ? typed : content).trim();
      } else if (textOf(name) === 'params' && params === undefined && typed?.name === 'array') {
        params = itemsOf(typed);
      } else throw badEntry();
    }
    if (method === undefined) throw badEntry();
    if (method === MULTICALL) throw invalidRequest(`${MULTICALL} cannot be called by itself.`);
    const { maxParams } = this.#options;
    if (params !== undefined && params.length > maxParams) {
      throw invalidRequest(
        `The call has ${params.length} parameters; at most ${maxParams} are taken.`,
      );
    }
    return { method, params: params ?? [] };
  }
}

function inArray(value: string): string {
  return `<value><array><data>${value}</data></array></value>`;
}

function badEntry(): Fault {
  return invalidParameters(
    `Each call of ${MULTICALL} is a struct of methodName, a string, and params, an array.`,
  );
}
