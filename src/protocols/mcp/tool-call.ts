import type { Meter } from '../../hub/diagnostics.ts';
import type { Endpoint, Hub } from '../../hub/hub.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { notificationText } from '../../wire/jsonrpc/codec.ts';
import { type CollectLimits, Collector } from './collector.ts';
import { badParams } from './faults.ts';
import type { McpOptions } from './options.ts';
import { callOf, isObject, type Parameters, type Requester, violation } from './request.ts';
import { answerResult, doneResult, faultResult, type Result } from './results.ts';
import { type OutputForm, outputForm, WRAPPED } from './schemas.ts';

/** A progress message shows the item; more of it than this helps nobody. */
const MAX_PROGRESS_CHARACTERS = 500;

/** Runs tools: a call of an operation, whose answer or fault becomes a tool's result. */
export class ToolRunner {
  readonly #hub: Hub;
  readonly #meter: Meter;
  readonly #maxItems: number;
  readonly #collect: CollectLimits;
  readonly #forms = new WeakMap<Endpoint, OutputForm>();

  constructor(hub: Hub, meter: Meter, options: McpOptions) {
    this.#hub = hub;
    this.#meter = meter;
    this.#maxItems = options.maxItems;
    this.#collect = {
      maxItems: options.maxItems,
      maxBytes: options.maxResultBytes,
      timeMs: options.collectTimeMs,
    };
  }

  /** @throws ProtocolFault for parameters that are no call at all */
  run(endpoint: Endpoint, parameters: Parameters, requester: Requester): MaybePromise<Result> {
    const { arguments: given = {} } = parameters.members;
    if (!isObject(given)) throw badParams('"params.arguments" must be an object.');
    const call = callOf(undefined, parameters, requester);
    let answer: MaybePromise<unknown>;
    try {
      call.input = this.#inputOf(endpoint, given);
    } catch (error) {
      this.#meter.received++;
      this.#meter.refused++;
      return faultResult(Fault.from(error), undefined, undefined);
    }
    if (endpoint.operation.output.stream)
      return this.#stream(endpoint, call, parameters, requester);
    try {
      answer = this.#hub.invoke(endpoint, call, this.#meter);
      if (isPromise(answer)) return this.#later(endpoint, call, answer, requester);
      return this.#answered(endpoint, call, answer);
    } catch (error) {
      return faultResult(Fault.from(error), undefined, call.replyMetadata);
    }
  }

  #inputOf(endpoint: Endpoint, given: Readonly<Record<string, unknown>>): unknown {
    if (!endpoint.operation.input.stream) return given;
    const { items } = given;
    if (!Array.isArray(items)) throw violation('/items', 'a list of the items', items);
    for (const name of Object.keys(given)) {
      if (name !== 'items') throw violation(`/${name}`, 'nothing beside "items"', given[name]);
    }
    if (items.length > this.#maxItems) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        `"items" has ${items.length}; at most ${this.#maxItems} are taken in one call.`,
      );
    }
    return items;
  }

  async #later(
    endpoint: Endpoint,
    call: Call,
    answer: Promise<unknown>,
    requester: Requester,
  ): Promise<Result> {
    requester.began(call);
    try {
      return this.#answered(endpoint, call, await answer);
    } catch (error) {
      return faultResult(Fault.from(error), undefined, call.replyMetadata);
    } finally {
      requester.settled(call);
    }
  }

  #answered(endpoint: Endpoint, call: Call, value: unknown): Result {
    const form = this.#form(endpoint);
    if (form === 'nothing') return doneResult(call.replyMetadata);
    const json = JSON.stringify(value) ?? 'null';
    // A schema without "type" may let through more than objects.
    const wrap = form === 'wrapped' || !json.startsWith('{');
    return answerResult(wrap ? `{"${WRAPPED}":${json}}` : json, call.replyMetadata);
  }

  #form(endpoint: Endpoint): OutputForm {
    let form = this.#forms.get(endpoint);
    if (form === undefined) {
      form = outputForm(endpoint.operation, endpoint.contract.$defs);
      this.#forms.set(endpoint, form);
    }
    return form;
  }

  async #stream(
    endpoint: Endpoint,
    call: Call,
    { progressToken }: Parameters,
    requester: Requester,
  ): Promise<Result> {
    requester.began(call);
    const collector = new Collector(this.#collect);
    const onItem =
      progressToken === undefined
        ? undefined
        : (json: string, count: number): MaybePromise<void> => {
            const room = requester.notify(progressText(progressToken, count, json));
            return room ? undefined : requester.drained();
          };
    try {
      await collector.collect(this.#hub, endpoint, call, this.#meter, onItem);
      return answerResult(collector.json(), call.replyMetadata);
    } catch (error) {
      const collected = collector.count === 0 ? undefined : collector.json();
      return faultResult(Fault.from(error), collected, call.replyMetadata);
    } finally {
      requester.settled(call);
    }
  }
}

function progressText(token: string, progress: number, json: string): string {
  const message =
    json.length > MAX_PROGRESS_CHARACTERS
      ? `${json.slice(0, MAX_PROGRESS_CHARACTERS).toWellFormed()}…`
      : json;
  return notificationText(
    'notifications/progress',
    `{"progressToken":${token},"progress":${progress},"message":${JSON.stringify(message)}}`,
  );
}
