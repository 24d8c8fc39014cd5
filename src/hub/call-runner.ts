import type { Parser } from '../model/application.ts';
import type { Call } from '../model/call.ts';
import { Fault } from '../model/fault.ts';
import { isPromise, type MaybePromise } from '../model/maybe-promise.ts';
import { AnswerStream } from './answer-stream.ts';
import { logFailure } from './call-log.ts';
import type { Meter } from './diagnostics.ts';
import { badOutput, faultOf } from './fault-of.ts';
import { InputStream } from './input-stream.ts';
import { type Logger, NO_LOGGER } from './logger.ts';
import type { HubSettings } from './options.ts';
import { closeLate, PendingCall } from './pending-call.ts';
import type { ServedEndpoint } from './served-endpoint.ts';

/**
 * Runs calls from their arrival to their end, each counted, timed and logged exactly once. A call
 * whose handler answers synchronously is over when `run` returns; only one whose answer is
 * pending costs a promise, a timer and a place in `ongoing`.
 */
export class CallRunner {
  /** Calls whose answer is pending or streaming. */
  readonly ongoing = new Map<Call, ServedEndpoint>();
  /** Why calls from outside are refused now; undefined while they are taken. */
  closed: Fault | undefined;
  /** Called when the last ongoing call has ended. */
  onIdle: (() => void) | undefined;

  readonly #settings: HubSettings;
  readonly #logger: Logger;
  readonly #parsers = new WeakMap<ServedEndpoint, Parser>();
  #inFlight = 0;

  constructor(settings: HubSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    this.closed = new Fault('UNAVAILABLE', 'The hub is starting.', { retryAfterMs: 1000 });
  }

  /** For the items of an input stream. */
  setItemParser(endpoint: ServedEndpoint, parser: Parser): void {
    this.#parsers.set(endpoint, parser);
  }

  run(endpoint: ServedEndpoint, call: Call, meter: Meter): MaybePromise<unknown> {
    meter.received++;
    meter.inFlight++;
    this.#inFlight++;
    call.startedMs = performance.now();
    const { observers } = endpoint;
    for (let index = 0; index < observers.length; index++) observers[index]!.begin?.(call, meter);
    let input: InputStream | undefined;
    let answer: MaybePromise<unknown>;
    try {
      this.#admit(endpoint, call);
      if (endpoint.operation.input.stream) {
        input = new InputStream(endpoint, call, this.#parsers.get(endpoint));
        call.input = input.stream;
      }
      answer = endpoint.run(call);
    } catch (thrown) {
      throw this.failed(endpoint, call, meter, input, thrown);
    }
    if (!isPromise(answer)) return this.answered(endpoint, call, meter, input, answer);
    return new PendingCall(this, endpoint, call, meter, input, answer).answer;
  }

  /** A value or a stream is there: checks and passes it on. @throws Fault */
  answered(
    endpoint: ServedEndpoint,
    call: Call,
    meter: Meter,
    input: InputStream | undefined,
    answer: unknown,
  ): unknown {
    if (call.aborted !== undefined) {
      closeLate(answer, endpoint);
      throw this.failed(endpoint, call, meter, input, call.aborted);
    }
    if (endpoint.operation.output.stream) {
      try {
        return new AnswerStream(this, endpoint, call, meter, input, answer).stream;
      } catch (thrown) {
        throw this.failed(endpoint, call, meter, input, thrown);
      }
    }
    // A handler that answers nothing answers null, as every protocol writes it.
    const value = answer === undefined ? null : answer;
    if (endpoint.output !== undefined && !endpoint.output.check(value)) {
      const fault = badOutput(endpoint, value, undefined);
      this.end(endpoint, call, meter, input, fault);
      throw fault;
    }
    meter.sent++;
    this.end(endpoint, call, meter, input, undefined);
    return value;
  }

  /** Ends the call with what was thrown, and answers what the caller is told. */
  failed(
    endpoint: ServedEndpoint,
    call: Call,
    meter: Meter,
    input: InputStream | undefined,
    thrown: unknown,
  ): Fault {
    const fault = faultOf(thrown, endpoint, call);
    this.end(endpoint, call, meter, input, fault);
    return fault;
  }

  /** The call is over. To be called exactly once for each run. */
  end(
    endpoint: ServedEndpoint,
    call: Call,
    meter: Meter,
    input: InputStream | undefined,
    fault: Fault | undefined,
  ): void {
    meter.inFlight--;
    this.#inFlight--;
    call.end();
    input?.close();
    const durationMs = performance.now() - call.startedMs;
    endpoint.durations(meter).record(durationMs);
    if (fault !== undefined) {
      if (call.handled) meter.failed++;
      else meter.refused++;
      if (this.#logger !== NO_LOGGER) {
        logFailure(this.#logger, endpoint, call, meter, fault, durationMs);
      }
    }
    const { observers } = endpoint;
    for (let index = 0; index < observers.length; index++) {
      observers[index]!.end(call, meter, fault, durationMs);
    }
    if (this.ongoing.size > 0 && this.ongoing.delete(call) && this.ongoing.size === 0) {
      this.onIdle?.();
    }
  }

  /** Refuses what cannot run, and bounds the deadline of what can. */
  #admit(endpoint: ServedEndpoint, call: Call): void {
    if (call.aborted !== undefined) throw call.aborted;
    if (call.depth === 0) {
      if (this.closed !== undefined) throw this.closed;
      if (this.#inFlight > this.#settings.maxInFlight) throw tooMany(this.#settings.maxInFlight);
    } else if (call.depth > MAX_DEPTH) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        `Handlers called each other ${MAX_DEPTH} levels deep; ${endpoint.name} is not called.`,
      );
    }
    if (endpoint.served.state !== 'ready') throw notReady(endpoint);
    const nowMs = Date.now();
    if (call.deadlineMs !== Number.POSITIVE_INFINITY) {
      if (call.deadlineMs <= nowMs) {
        throw new Fault('DEADLINE_EXCEEDED', 'The deadline had passed when the call arrived.');
      }
      call.deadlineMs = Math.min(call.deadlineMs, nowMs + this.#settings.maxDeadlineMs);
    } else if (!endpoint.operation.input.stream && !endpoint.operation.output.stream) {
      call.deadlineMs =
        nowMs + Math.min(this.#settings.defaultDeadlineMs, this.#settings.maxDeadlineMs);
    }
  }
}

/** Operations that call each other without end stop here, before memory does. */
const MAX_DEPTH = 32;

function tooMany(limit: number): Fault {
  return new Fault('RESOURCE_EXHAUSTED', `The hub runs ${limit} calls, which is its limit.`, {
    retryAfterMs: 1000,
  });
}

function notReady(endpoint: ServedEndpoint): Fault {
  return new Fault(
    'UNAVAILABLE',
    endpoint.served.state === 'failed'
      ? `The application "${endpoint.contract.name}" did not start; the log of the hub has the reason.`
      : `The application "${endpoint.contract.name}" is not ready.`,
    { retryAfterMs: 1000 },
  );
}
