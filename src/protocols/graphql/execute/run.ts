import { authorizeKnown } from '../../../hub/authorize.ts';
import type { Meter } from '../../../hub/diagnostics.ts';
import type { Hub } from '../../../hub/hub.ts';
import { Call } from '../../../model/call.ts';
import { Fault } from '../../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import type { Metadata } from '../../../model/metadata.ts';
import type { Principal } from '../../../model/principal.ts';
import type { TraceContext } from '../../../model/trace.ts';
import type { BoundOperation } from '../engine.ts';
import { faultError, pathOf, RequestError, type ResponseError } from './errors.ts';
import {
  completeAll,
  faultOfBroken,
  type LinkCaller,
  type PathNode,
  type Placed,
} from './links.ts';
import type { PlannedField } from './plan.ts';

/** What calls of all requests need. */
export interface GraphqlService {
  readonly hub: Hub;
  readonly meter: Meter;
  readonly limits: { readonly maxCalls: number; readonly maxBatch: number };
}

/** Who sent a request, and what its transport says about all of its calls. */
export interface Caller {
  readonly principal: Principal;
  readonly metadata: Metadata;
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext | undefined;
  /** A call that did not answer at once; the same is handed to `settled`. */
  began(call: Call): void;
  settled(call: Call): void;
}

type CallField = Extract<PlannedField, { kind: 'call' }>;

/** A response in the making (section 7.1). */
export class Execution implements LinkCaller {
  readonly maxBatch: number;
  readonly service: GraphqlService;
  readonly caller: Caller;
  #errors: ResponseError[] | undefined;
  #metadata: Map<string, string> | undefined;
  #calls = 0;

  constructor(service: GraphqlService, caller: Caller) {
    this.service = service;
    this.caller = caller;
    this.maxBatch = service.limits.maxBatch;
  }

  /** Runs a query or a mutation; answers the response's text. Never rejects. */
  run(operation: BoundOperation): MaybePromise<string> {
    const { fields, kind } = operation.plan;
    if (kind === 'mutation') return this.#oneByOne(operation);
    const values: unknown[] = new Array(fields.length);
    let pending: Promise<void>[] | undefined;
    for (let index = 0; index < fields.length; index++) {
      const value = this.#value(fields[index]!, operation);
      if (isPromise(value)) {
        pending ??= [];
        pending.push(
          value.then((one) => {
            values[index] = one;
          }),
        );
      } else values[index] = value;
    }
    if (pending === undefined) return this.#text(fields, values);
    return Promise.all(pending).then(() => this.#text(fields, values));
  }

  /** Mutations change things: each begins when the one before has ended (section 6.2.2). */
  #oneByOne(operation: BoundOperation): MaybePromise<string> {
    const { fields } = operation.plan;
    const values: unknown[] = [];
    const next = (): MaybePromise<string> => {
      while (values.length < fields.length) {
        const value = this.#value(fields[values.length]!, operation);
        if (isPromise(value)) {
          return value.then((one) => {
            values.push(one);
            return next();
          });
        }
        values.push(value);
      }
      return this.#text(fields, values);
    };
    return next();
  }

  #value(field: PlannedField, operation: BoundOperation): MaybePromise<unknown> {
    if (field.kind === 'constant') return field.value;
    if (field.kind === 'introspection') return this.#introspection(field, operation);
    try {
      const answer = this.invoke(field.field.target, field.input(operation.variables));
      return isPromise(answer) ? this.#later(field, answer) : this.complete(field, answer);
    } catch (thrown) {
      this.fail(field, Fault.from(thrown));
      return null;
    }
  }

  async #later(field: CallField, answer: Promise<unknown>): Promise<unknown> {
    try {
      const value = await answer;
      return await this.complete(field, value);
    } catch (thrown) {
      this.fail(field, Fault.from(thrown));
      return null;
    }
  }

  #introspection(
    field: Extract<PlannedField, { kind: 'introspection' }>,
    operation: BoundOperation,
  ): unknown {
    try {
      authorizeKnown(this.service.hub, this.caller.principal, 'The schema');
      return operation.introspect(field);
    } catch (thrown) {
      if (thrown instanceof Fault) {
        this.#add(faultError(thrown, [field.key]));
        return null;
      }
      if (!(thrown instanceof RequestError)) throw thrown;
      this.#errors = [...(this.#errors ?? []), ...thrown.errors];
      return null;
    }
  }

  /** What the response holds of an answer. Never throws or rejects: faults become errors. */
  complete(field: CallField, value: unknown): MaybePromise<unknown> {
    const placed: Placed = { value, path: { before: undefined, key: field.key } };
    try {
      const values = completeAll(field.selection, [placed], this);
      return isPromise(values)
        ? values.then(
            ([one]) => one,
            (thrown: unknown) => this.#broken(field, thrown),
          )
        : values[0];
    } catch (thrown) {
      return this.#broken(field, thrown);
    }
  }

  #broken(field: CallField, thrown: unknown): null {
    this.fail(field, faultOfBroken(thrown, field.field.target));
    return null;
  }

  /** A call that a link causes. */
  call(operation: string, input: unknown): MaybePromise<unknown> {
    if (++this.#calls > this.service.limits.maxCalls) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        `The links of one operation may cause ${this.service.limits.maxCalls} calls.`,
      );
    }
    return this.invoke(operation, input);
  }

  invoke(operation: string, input: unknown): MaybePromise<unknown> {
    const { hub, meter } = this.service;
    const { principal, metadata, deadlineMs, trace } = this.caller;
    const call = new Call({ input, principal, metadata, deadlineMs, trace });
    const endpoint = hub.endpoint(operation);
    if (endpoint === undefined) {
      throw new Fault('UNIMPLEMENTED', `There is no operation ${operation}.`);
    }
    try {
      const answer = hub.invoke(endpoint, call, meter);
      if (isPromise(answer)) return this.#invoked(call, answer);
      return answer;
    } finally {
      this.#keepMetadata(call);
    }
  }

  async #invoked(call: Call, answer: Promise<unknown>): Promise<unknown> {
    this.caller.began(call);
    try {
      return await answer;
    } finally {
      this.caller.settled(call);
      this.#keepMetadata(call);
    }
  }

  #keepMetadata(call: Call): void {
    if (call.replyMetadata === undefined) return;
    this.#metadata ??= new Map();
    for (const [name, value] of call.replyMetadata) this.#metadata.set(name, value);
  }

  failed(fault: Fault, path: PathNode | undefined): void {
    this.#add(faultError(fault, pathOf(path)));
  }

  fail(field: CallField, fault: Fault): void {
    this.#add(faultError(fault, [field.key], locationsOf(field)));
  }

  #add(error: ResponseError): void {
    this.#errors ??= [];
    this.#errors.push(error);
  }

  #text(fields: readonly PlannedField[], values: readonly unknown[]): string {
    return this.text(Object.fromEntries(fields.map(({ key }, index) => [key, values[index]])));
  }

  text(data: unknown, more?: Readonly<Record<string, unknown>>): string {
    const errors = this.#errors;
    const metadata = this.#metadata;
    const extensions =
      metadata === undefined && more === undefined
        ? undefined
        : { ...more, ...(metadata && { metadata: Object.fromEntries(metadata) }) };
    try {
      return JSON.stringify({ errors, data, extensions });
    } catch (error) {
      // A value of any type that JSON cannot write: a bigint, or one that holds itself.
      const fault = new Fault('INTERNAL', 'An answer cannot be written as JSON.', { cause: error });
      return JSON.stringify({ errors: [...(errors ?? []), faultError(fault)], data: null });
    }
  }
}

function locationsOf(field: CallField): ResponseError['locations'] {
  const token = field.node.loc?.startToken;
  return token === undefined ? undefined : [{ line: token.line, column: token.column }];
}
