import { subjectLevels, subjectText } from '../../model/subject.ts';
import { MqttError, REASON } from './wire/reasons.ts';

/**
 * Topics <-> subjects. Levels stay what they are; a topic joins them with `/`. What a topic cannot
 * hold inside a level (`/`, `+`, `#`, U+0000) is percent-escaped there. A level whose own text looks
 * like such an escape gets a `25` more, so that both ways are total and lose nothing:
 *
 *     subject level   a/b      %2F       %252F      100%
 *     topic level     a%2Fb    %252F     %25252F    100%
 *
 * Filters: `+` is the hub's `*`. `#` at the end matches its parent too, which are two filters of
 * the hub: `a/#` is `a` and `a.>`.
 */

const IN_TOPIC = /%(?:25)*(?:2F|2B|23|00)/g;
const IN_LEVEL = /%(?:25)*(?:2F|2B|23|00)|[/+#\0]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '/': '%2F',
  '+': '%2B',
  '#': '%23',
  '\0': '%00',
};

function levelOf(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(IN_TOPIC, (escaped) =>
    escaped.length === 3
      ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
      : `%${escaped.slice(3)}`,
  );
}

function topicLevelOf(level: string): string {
  return level.replace(IN_LEVEL, (text) => ESCAPES[text] ?? `%25${text.slice(1)}`);
}

/** @param topic a topic name, checked */
export function subjectOfTopic(topic: string): string {
  return subjectText(topic.split('/').map(levelOf));
}

export function topicOfSubject(subject: string): string {
  return subjectLevels(subject).map(topicLevelOf).join('/');
}

/** Longest topic name or filter, in characters; the hub's own limit. */
const MAX_LENGTH = 4096;
const MAX_LEVELS = 128;

/** @throws MqttError 0x90 for what is no topic name (MQTT 5.0 section 4.7) */
export function checkTopic(topic: string): void {
  if (topic === '') throw badTopic('is empty');
  if (topic.includes('+') || topic.includes('#')) throw badTopic('has a wildcard');
  const wrong = tooLong(topic);
  if (wrong !== undefined) throw badTopic(wrong);
}

function badTopic(what: string): MqttError {
  return new MqttError(REASON.TOPIC_NAME_INVALID, `A topic name ${what}.`);
}

function tooLong(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `has ${text.length} characters, more than ${MAX_LENGTH}`;
  let levels = 1;
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) levels++;
  return levels > MAX_LEVELS ? `has ${levels} levels, more than ${MAX_LEVELS}` : undefined;
}

/** A topic filter as the hub has it. */
export interface TopicFilter {
  /** As the client wrote it, without `$share`. */
  readonly text: string;
  /** Share name; undefined for an ordinary subscription. */
  readonly share: string | undefined;
  /** Filters of the hub that match together what this one does. */
  readonly filters: readonly string[];
  /** It begins with a wildcard: subjects that begin with `$` are not for it (section 4.7.2). */
  readonly hidesSystem: boolean;
}

const SHARE = '$share/';

/** @throws MqttError 0x8F for what is no topic filter (MQTT 5.0 sections 4.7 and 4.8.2) */
export function parseFilter(filter: string, modern: boolean): TopicFilter {
  let text = filter;
  let share: string | undefined;
  if (filter.startsWith(SHARE) && modern) {
    const slash = filter.indexOf('/', SHARE.length);
    share = filter.slice(SHARE.length, slash < 0 ? undefined : slash);
    text = slash < 0 ? '' : filter.slice(slash + 1);
    if (share === '' || /[+#]/.test(share)) throw badFilter('has no share name');
  }
  if (text === '') throw badFilter('is empty');
  const wrong = tooLong(text);
  if (wrong !== undefined) throw badFilter(wrong);
  const levels = text.split('/');
  levels.forEach((level, index) => {
    if (level === '+' || (level === '#' && index === levels.length - 1)) return;
    if (/[+#]/.test(level)) throw badFilter('has a wildcard that is no level of its own');
  });
  const filters = hubFilters(levels);
  const hidesSystem = levels[0] === '+' || levels[0] === '#';
  return { text, share, filters, hidesSystem };
}

function hubFilters(levels: readonly string[]): readonly string[] {
  const tail = levels.at(-1) === '#';
  const head = (tail ? levels.slice(0, -1) : levels).map((level) =>
    level === '+' ? '*' : subjectText([levelOf(level)]),
  );
  if (!tail) return [head.join('.')];
  if (head.length === 0) return ['>'];
  // An empty subject is none: `/#` has no parent of its own.
  const parent = head.join('.');
  return parent === '' ? ['.>'] : [parent, `${parent}.>`];
}

function badFilter(what: string): MqttError {
  return new MqttError(REASON.TOPIC_FILTER_INVALID, `A topic filter ${what}.`);
}
