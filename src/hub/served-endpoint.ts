import type { Application } from '../model/application.ts';
import type { Contract, DeclaredError, Operation, Service } from '../model/contract.ts';
import type { Validator } from '../model/validation/validator.ts';
import type { Histogram, Meter } from './diagnostics.ts';
import type { Endpoint } from './hub.ts';
import type { CallObserver, Invoke } from './middleware.ts';

/** An application in the hub, and whether its operations can be called. */
export interface ServedApplication {
  readonly application: Application;
  state: 'added' | 'starting' | 'ready' | 'failed' | 'stopped';
}

export interface ServedError {
  readonly declared: DeclaredError;
  /** For the error's data; undefined where it carries none. */
  readonly data: Validator | undefined;
}

/** An operation with all that a call of it needs, prepared when its application was added. */
export class ServedEndpoint implements Endpoint {
  readonly name: string;
  readonly contract: Contract;
  readonly service: Service;
  readonly operation: Operation;
  readonly served: ServedApplication;
  /** Authorization, validation, the middleware and the handler. */
  run: Invoke;
  observers: readonly CallObserver[];
  /** For the input, or each item of it. */
  readonly input: Validator;
  /** For the answer, or each item of it; undefined where answers are not checked. */
  readonly output: Validator | undefined;
  readonly errors: ReadonlyMap<string, ServedError>;

  #lastMeter: Meter | undefined;
  #lastHistogram: Histogram | undefined;

  constructor(parts: {
    contract: Contract;
    service: Service;
    operation: Operation;
    served: ServedApplication;
    errors: ReadonlyMap<string, ServedError>;
    input: Validator;
    output: Validator | undefined;
  }) {
    this.name = `${parts.service.name}.${parts.operation.name}`;
    this.contract = parts.contract;
    this.service = parts.service;
    this.operation = parts.operation;
    this.served = parts.served;
    this.errors = parts.errors;
    this.input = parts.input;
    this.output = parts.output;
    this.run = () => null;
    this.observers = [];
  }

  /** The histogram of this operation's durations over the meter's protocol. */
  durations(meter: Meter): Histogram {
    // Calls of one operation mostly come by one protocol: no look-up for those.
    if (this.#lastMeter !== meter) {
      this.#lastMeter = meter;
      this.#lastHistogram = meter.durations(this.name);
    }
    return this.#lastHistogram as Histogram;
  }
}
