import { Fault } from '../../model/fault.ts';
import { subjectLevels, subjectText } from '../../model/subject.ts';
import { filterLevels } from '../subjects/names.ts';

const KEY = '{key}';

/**
 * How a record's key and its subject determine each other: `sensors.{key}`. The key is one level,
 * whatever characters it has.
 */
export class KeySubject {
  readonly template: string;
  /** A filter of all subjects that keys lead to. */
  readonly filter: readonly string[];
  readonly #at: number;

  /** @throws Fault INVALID_ARGUMENT for anything but plain levels with one `{key}` among them */
  constructor(template: string) {
    const levels = template.split('.');
    this.#at = levels.indexOf(KEY);
    if (this.#at < 0 || this.#at !== levels.lastIndexOf(KEY)) {
      throw new Fault(
        'INVALID_ARGUMENT',
        `The subject ${JSON.stringify(template)} has ${this.#at < 0 ? 'no' : 'more than one'} level {key}; expected levels joined by dots, one of them {key}: sensors.{key}`,
      );
    }
    const filter = filterLevels(levels.map((level) => (level === KEY ? '*' : level)).join('.'));
    const wildcards = filter.filter((level) => level === '*' || level === '>').length;
    if (wildcards !== 1) {
      throw new Fault(
        'INVALID_ARGUMENT',
        `The subject ${JSON.stringify(template)} has a wildcard; only {key} may vary.`,
      );
    }
    this.template = template;
    this.filter = filter;
  }

  /** The subject of a key; undefined where it has no text (an empty key and nothing else). */
  subjectOf(key: string): string | undefined {
    const levels = this.filter.with(this.#at, subjectText([key]));
    const text = levels.join('.');
    return text === '' ? undefined : text;
  }

  /** The key that leads to a subject, from its escaped levels; undefined where none does. */
  keyOf(levels: readonly string[]): string | undefined {
    if (levels.length !== this.filter.length) return undefined;
    for (let index = 0; index < levels.length; index++) {
      if (index !== this.#at && levels[index] !== this.filter[index]) return undefined;
    }
    return subjectLevels(levels[this.#at]!)[0]!;
  }
}
