import type { Contract } from '../model/contract.ts';
import { Fault } from '../model/fault.ts';
import { SubjectTemplate } from '../model/subject-template.ts';

/** The subjects of a contract's events, by the events' full names. */
export class EventSubjects {
  readonly #templates = new Map<string, SubjectTemplate>();

  constructor(contracts: readonly Contract[]) {
    for (const contract of contracts) {
      for (const service of contract.services) {
        for (const event of service.events) {
          this.#templates.set(`${service.name}.${event.name}`, new SubjectTemplate(event.subject));
        }
      }
    }
  }

  /** The filter that lets through all events of this type.
   * @throws Fault NOT_FOUND for an event that the contract does not have */
  filterOf(event: string): string {
    return this.#template(event).filter.join('.');
  }

  /** The subject of one event.
   * @throws Fault INVALID_ARGUMENT where the payload lacks a member, NOT_FOUND for an event that
   *   the contract does not have */
  subjectOf(event: string, payload: unknown): string {
    const template = this.#template(event);
    try {
      return template.render(payload);
    } catch (error) {
      throw new Fault('INVALID_ARGUMENT', `The subject of ${event}: ${(error as Error).message}.`);
    }
  }

  #template(event: string): SubjectTemplate {
    const template = this.#templates.get(event);
    if (template !== undefined) return template;
    throw new Fault('NOT_FOUND', `The contract has no event ${JSON.stringify(event)}.`);
  }
}
