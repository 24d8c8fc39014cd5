import type { Subscriber, Subscription } from '../../hub/hub.ts';
import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise } from '../../model/maybe-promise.ts';
import type { Delivery } from '../../model/message.ts';
import { subjectLevels, subjectText } from '../../model/subject.ts';
import { isJsonType, textOf } from '../../wire/cloud-event.ts';
import type { BoundOperation } from './engine.ts';
import type { PlannedField } from './execute/plan.ts';
import { type Caller, Execution, type GraphqlService } from './execute/run.ts';

/** The results of one operation, in turn: one for a query, many for a subscription. */
export interface Results {
  /** The text of the next response; undefined after the last. Never rejects. */
  next(): Promise<string | undefined>;
  /** The receiver left: what runs is ended, and `next` answers undefined. */
  close(): void;
}

type CallField = Extract<PlannedField, { kind: 'call' }>;

/** Starts an operation whose results are received as a stream. */
export function resultsOf(
  service: GraphqlService,
  caller: Caller,
  operation: BoundOperation,
  window: number,
): Results {
  if (operation.plan.kind !== 'subscription') return new OneResult(service, caller, operation);
  const [field] = operation.plan.fields;
  // Validation lets nothing but one field of the schema through, unless it is skipped.
  if (field?.kind !== 'call') return new OneResult(service, caller, operation);
  return field.field.event === undefined
    ? new CallResults(service, caller, operation, field)
    : new EventResults(service, caller, operation, field, window);
}

/** A caller that can end all of its calls. */
class LeavingCaller implements Caller {
  readonly principal: Caller['principal'];
  readonly metadata: Caller['metadata'];
  readonly deadlineMs: Caller['deadlineMs'];
  readonly trace: Caller['trace'];
  readonly #calls = new Set<Call>();

  constructor(caller: Caller) {
    this.principal = caller.principal;
    this.metadata = caller.metadata;
    this.deadlineMs = caller.deadlineMs;
    this.trace = caller.trace;
  }

  began(call: Call): void {
    this.#calls.add(call);
  }

  settled(call: Call): void {
    this.#calls.delete(call);
  }

  leave(): void {
    for (const call of this.#calls) call.abort();
  }
}

class OneResult implements Results {
  readonly #caller: LeavingCaller;
  #run: (() => ReturnType<Execution['run']>) | undefined;

  constructor(service: GraphqlService, caller: Caller, operation: BoundOperation) {
    this.#caller = new LeavingCaller(caller);
    this.#run = () => new Execution(service, this.#caller).run(operation);
  }

  async next(): Promise<string | undefined> {
    const run = this.#run;
    this.#run = undefined;
    return run?.();
  }

  close(): void {
    this.#run = undefined;
    this.#caller.leave();
  }
}

/** A subscription to a stream of answers. */
class CallResults implements Results {
  readonly #service: GraphqlService;
  readonly #caller: LeavingCaller;
  readonly #operation: BoundOperation;
  readonly #field: CallField;
  #call: Call | undefined;
  #items: AsyncIterator<unknown> | undefined;
  #over = false;

  constructor(
    service: GraphqlService,
    caller: Caller,
    operation: BoundOperation,
    field: CallField,
  ) {
    this.#service = service;
    this.#caller = new LeavingCaller(caller);
    this.#operation = operation;
    this.#field = field;
  }

  async next(): Promise<string | undefined> {
    if (this.#over) return undefined;
    const execution = new Execution(this.#service, this.#caller);
    try {
      this.#items ??= await this.#start();
      const step = await this.#items.next();
      if (this.#over) return undefined;
      if (step.done === true) {
        this.#over = true;
        return undefined;
      }
      return await itemText(execution, this.#field, step.value);
    } catch (thrown) {
      if (this.#over) return undefined;
      this.#over = true;
      return faultText(execution, this.#field, thrown);
    }
  }

  async #start(): Promise<AsyncIterator<unknown>> {
    const { hub, meter } = this.#service;
    const { target } = this.#field.field;
    const endpoint = hub.endpoint(target);
    if (endpoint === undefined)
      throw new Fault('UNIMPLEMENTED', `There is no operation ${target}.`);
    const { principal, metadata, deadlineMs, trace } = this.#caller;
    const input = this.#field.input(this.#operation.variables);
    this.#call = new Call({ input, principal, metadata, deadlineMs, trace });
    const answer = hub.invoke(endpoint, this.#call, meter);
    const stream = (isPromise(answer) ? await answer : answer) as AsyncIterable<unknown>;
    return stream[Symbol.asyncIterator]();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#call?.abort();
    this.#caller.leave();
    // Its end is nobody's concern any more; the hub has logged what went wrong.
    this.#items?.return?.().catch(() => undefined);
  }
}

/** A subscription to an event. Credit goes back to the hub when results are taken, so that a slow
 * receiver leaves events with the hub, which counts what it drops. */
class EventResults implements Results, Subscriber {
  readonly #service: GraphqlService;
  readonly #caller: LeavingCaller;
  readonly #operation: BoundOperation;
  readonly #field: CallField;
  readonly #window: number;
  #subscription: Subscription | undefined;
  #held: Delivery[] = [];
  #taken = 0;
  #dropped = 0;
  #waiting: (() => void) | undefined;
  #over = false;

  constructor(
    service: GraphqlService,
    caller: Caller,
    operation: BoundOperation,
    field: CallField,
    window: number,
  ) {
    this.#service = service;
    this.#caller = new LeavingCaller(caller);
    this.#operation = operation;
    this.#field = field;
    this.#window = window;
  }

  async next(): Promise<string | undefined> {
    const execution = new Execution(this.#service, this.#caller);
    try {
      this.#subscription ??= this.#subscribe();
    } catch (thrown) {
      if (this.#over) return undefined;
      this.#over = true;
      return faultText(execution, this.#field, thrown);
    }
    while (this.#held.length === 0) {
      if (this.#over) return undefined;
      this.#giveCredit();
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    const delivery = this.#held.shift()!;
    this.#taken++;
    if (this.#taken >= this.#window / 2) this.#giveCredit();
    const dropped = this.#dropped;
    this.#dropped = 0;
    const more = dropped === 0 ? undefined : { dropped };
    try {
      return await itemText(execution, this.#field, payloadOf(delivery), more);
    } catch (thrown) {
      return faultText(execution, this.#field, thrown);
    }
  }

  #subscribe(): Subscription {
    const { hub, meter } = this.#service;
    const given = this.#field.input(this.#operation.variables) as Readonly<Record<string, unknown>>;
    const filter = eventFilter(this.#field.field.event!.subject, given);
    const origin = { principal: this.#caller.principal, meter };
    return hub.subscribe({ filter, credit: this.#window }, this, origin);
  }

  #giveCredit(): void {
    if (this.#taken === 0 || this.#over) return;
    const count = this.#taken;
    this.#taken = 0;
    this.#subscription?.credit(count);
  }

  deliver(batch: readonly Delivery[]): void {
    for (const delivery of batch) this.#held.push(delivery);
    this.#wake();
  }

  dropped(count: number): void {
    this.#dropped += count;
  }

  closed(): void {
    this.#over = true;
    this.#wake();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#held = [];
    this.#subscription?.close();
    this.#caller.leave();
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

/** The subjects of an event, narrowed down by values for members of its template. */
export function eventFilter(subject: string, given: Readonly<Record<string, unknown>>): string {
  return subject
    .split('.')
    .map((level) => {
      const member = /^\{([^{}]+)\}$/.exec(level)?.[1];
      if (member === undefined) return subjectText([subjectLevels(level)[0]!]);
      const value = given[member];
      return value === undefined || value === null ? '*' : subjectText([String(value)]);
    })
    .join('.');
}

/** @throws Fault DATA_LOSS for a payload that is no JSON: it cannot have a type's fields. */
function payloadOf({ message }: Delivery): unknown {
  const text = isJsonType(message.contentType) ? textOf(message.payload) : undefined;
  try {
    if (text !== undefined) return JSON.parse(text) as unknown;
  } catch {
    // Told below: to the receiver it is the same as another content type.
  }
  throw new Fault(
    'DATA_LOSS',
    `A message on ${message.subject} is no JSON (${message.contentType ?? 'without a type'}): GraphQL cannot show it.`,
  );
}

async function itemText(
  execution: Execution,
  field: CallField,
  value: unknown,
  more?: Readonly<Record<string, unknown>>,
): Promise<string> {
  const made = await execution.complete(field, value);
  return execution.text({ [field.key]: made }, more);
}

function faultText(execution: Execution, field: CallField, thrown: unknown): string {
  execution.fail(field, Fault.from(thrown));
  return execution.text({ [field.key]: null });
}
