import type { Contract, EventType, Service } from '../model/contract.ts';
import { Fault } from '../model/fault.ts';
import { parseJson } from '../model/json.ts';
import type { Message } from '../model/message.ts';
import type { Principal } from '../model/principal.ts';
import { subjectLevels } from '../model/subject.ts';
import { SubjectTemplate } from '../model/subject-template.ts';
import { compileSchema, type Validator } from '../model/validation/validator.ts';
import { authorize } from './authorize.ts';
import type { EventEndpoint } from './hub.ts';
import { SubjectTrie } from './subjects/trie.ts';

/** An event type of a contract, with what publishing it needs. */
export class KnownEvent implements EventEndpoint {
  readonly name: string;
  readonly contract: Contract;
  readonly service: Service;
  readonly event: EventType;
  readonly template: SubjectTemplate;
  readonly validator: Validator;

  constructor(contract: Contract, service: Service, event: EventType) {
    this.name = `${service.name}.${event.name}`;
    this.contract = contract;
    this.service = service;
    this.event = event;
    this.template = new SubjectTemplate(event.subject);
    this.validator = compileSchema(event.schema, contract.$defs);
  }
}

const NO_SCOPES: readonly string[] = [];

/** The subjects that contracts know: who may use them, and what may be published there. */
export class KnownEvents {
  readonly #byName = new Map<string, KnownEvent>();
  readonly #bySubject = new SubjectTrie<KnownEvent>();

  add(event: KnownEvent): void {
    this.#byName.set(event.name, event);
    this.#bySubject.add(event.template.filter, event);
  }

  get(name: string): KnownEvent | undefined {
    return this.#byName.get(name);
  }

  values(): Iterable<KnownEvent> {
    return this.#byName.values();
  }

  /** The events that a subject belongs to; more than one where contracts overlap. */
  of(levels: readonly string[]): KnownEvent[] {
    const found: KnownEvent[] = [];
    this.#bySubject.match(levels, found);
    return found;
  }

  /** Refuses a filter that can let through nothing but what the principal may not see. One that
   * lets through more is filtered as messages come.
   * @throws Fault UNAUTHENTICATED, PERMISSION_DENIED */
  authorizeFilter(filter: readonly string[], principal: Principal, anonymousDenied: boolean): void {
    authorize(principal, NO_SCOPES, anonymousDenied, 'Subscribing');
    for (const event of this.#byName.values()) {
      if (event.event.scopes.length > 0 && event.template.covers(filter)) {
        authorize(principal, event.event.scopes, anonymousDenied, `Event ${event.name}`);
      }
    }
  }
}

/** All scopes that the events ask for. */
export function scopesOf(events: readonly KnownEvent[]): readonly string[] {
  if (events.length === 0) return NO_SCOPES;
  if (events.length === 1) return events[0]!.event.scopes;
  return [...new Set(events.flatMap(({ event }) => event.scopes))];
}

/**
 * Checks a payload from outside. Other forms than JSON pass: they are checked by whoever converts
 * them. Where the source named no form, what reads as JSON is taken for it.
 * @returns the key that the payload has by its event, for a message without one
 * @throws Fault INVALID_ARGUMENT for a payload that fits none of the events, or whose members are
 *   not those in its subject
 */
export function checkPayload(message: Message, events: readonly KnownEvent[]): string | undefined {
  if (events.length === 0 || !mayBeJson(message.contentType)) return undefined;
  const { payload } = message;
  let value: unknown;
  try {
    value = parseJson(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
  } catch (thrown) {
    if (message.contentType === undefined) return undefined;
    throw new Fault(
      'INVALID_ARGUMENT',
      `Payload on ${message.subject}: ${(thrown as Error).message}`,
    );
  }
  let levels: string[] | undefined;
  let wrong: string | undefined;
  for (const { name, validator, template, event } of events) {
    if (!validator.check(value)) continue;
    if (!template.namesMembers) return keyIn(event, value);
    levels ??= subjectLevels(message.subject);
    const member = template.disagreement(levels, value);
    if (member === undefined) return keyIn(event, value);
    wrong ??= `Payload of event ${name}: its ${member} is not the one in the subject ${message.subject.slice(0, 200)}.`;
  }
  throw wrong === undefined ? badPayload(events[0]!, value) : new Fault('INVALID_ARGUMENT', wrong);
}

function keyIn({ key }: EventType, payload: unknown): string | undefined {
  const holds = key !== undefined && typeof payload === 'object' && payload !== null;
  if (!holds || !Object.hasOwn(payload, key)) return undefined;
  const { [key]: value } = payload as Record<string, unknown>;
  return typeof value === 'object' || value === undefined ? undefined : String(value);
}

/** INVALID_ARGUMENT for a payload that is not the event's. */
export function badPayload(event: KnownEvent, payload: unknown): Fault {
  const violations = event.validator.violations(payload);
  const first = violations[0];
  return new Fault(
    'INVALID_ARGUMENT',
    first === undefined
      ? `Payload of event ${event.name} does not fit its contract.`
      : `Payload of event ${event.name}: ${first.path === '' ? 'the whole' : first.path}: expected ${first.expected}, received ${first.received}.`,
    { violations },
  );
}

function mayBeJson(contentType: string | undefined): boolean {
  if (contentType === undefined) return true;
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return type === 'application/json' || type.endsWith('+json');
}
