import type { Contract } from '../model/contract.ts';
import { Fault } from '../model/fault.ts';
import { subjectText } from '../model/subject.ts';

/** The subjects of a contract's events, by the events' full names. */
export class EventSubjects {
  readonly #templates = new Map<string, string>();

  constructor(contracts: readonly Contract[]) {
    for (const contract of contracts) {
      for (const service of contract.services) {
        for (const event of service.events) {
          this.#templates.set(`${service.name}.${event.name}`, event.subject);
        }
      }
    }
  }

  /** The filter that lets through all events of this type. */
  filterOf(event: string): string {
    return this.#levels(event, () => '*');
  }

  /** The subject of one event. @throws Fault INVALID_ARGUMENT where the payload lacks a member */
  subjectOf(event: string, payload: unknown): string {
    return this.#levels(event, (member) => {
      const value = (payload as Readonly<Record<string, unknown>> | null)?.[member];
      if (typeof value === 'string' && value !== '') return subjectText([value]);
      if (typeof value === 'number' || typeof value === 'boolean') return String(value);
      throw new Fault(
        'INVALID_ARGUMENT',
        `The subject of ${event} needs the member "${member}" of the payload, as text or a number.`,
      );
    });
  }

  #levels(event: string, fill: (member: string) => string): string {
    const template = this.#templates.get(event);
    if (template === undefined) {
      throw new Fault('NOT_FOUND', `The contract has no event ${JSON.stringify(event)}.`);
    }
    return template
      .split('.')
      .map((level) => (level.startsWith('{') ? fill(level.slice(1, -1)) : level))
      .join('.');
  }
}
