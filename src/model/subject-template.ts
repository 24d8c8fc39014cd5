import { subjectLevels, subjectText } from './subject.ts';

/** The subject template of an event, `sensors.{room}.{id}`: each level is plain text or one
 * member of the payload. */
export class SubjectTemplate {
  /** A filter that matches what the template can give; a level with a member is `*`. */
  readonly filter: readonly string[];
  /** Whether a level is a member of the payload. */
  readonly namesMembers: boolean;
  /** Plain levels as they are, unescaped. */
  readonly #levels: readonly { readonly text: string; readonly member: boolean }[];

  constructor(template: string) {
    this.#levels = template.split('.').map((level) => {
      const member = /^\{([^{}]+)\}$/.exec(level)?.[1];
      return member === undefined
        ? { text: subjectLevels(level)[0]!, member: false }
        : { text: member, member: true };
    });
    this.namesMembers = this.#levels.some(({ member }) => member);
    this.filter = this.#levels.map(({ text, member }) => (member ? '*' : subjectText([text])));
  }

  /** The subject for a payload.
   * @throws TypeError for a member that is missing or is neither text, number nor boolean. */
  render(payload: unknown): string {
    return subjectText(
      this.#levels.map(({ text, member }) => (member ? memberText(payload, text) : text)),
    );
  }

  /** The member whose text is not what the subject says; undefined where they agree. */
  disagreement(levels: readonly string[], payload: unknown): string | undefined {
    return this.#levels.find(
      ({ text, member }, index) => member && textOf(payload, text) !== levels[index],
    )?.text;
  }

  /** Whether all that a filter lets through are subjects of this template. */
  covers(filter: readonly string[]): boolean {
    return (
      filter.length === this.filter.length &&
      this.filter.every(
        (own, index) => filter[index] !== '>' && (own === '*' || own === filter[index]),
      )
    );
  }
}

function textOf(payload: unknown, member: string): string | undefined {
  const value =
    typeof payload === 'object' && payload !== null && Object.hasOwn(payload, member)
      ? (payload as Record<string, unknown>)[member]
      : undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The text of a payload's member, for a subject or a key. */
export function memberText(payload: unknown, member: string): string {
  const text = textOf(payload, member);
  if (text !== undefined) return text;
  throw new TypeError(
    `member ${JSON.stringify(member)} of the payload must be text, a number or a boolean: it names the subject or the key`,
  );
}
