import { Fault } from '../../model/fault.ts';
import { subjectLevels, subjectText } from '../../model/subject.ts';

/** What a subject or filter may be at most; far above what protocols' own limits leave. */
export const MAX_SUBJECT_LENGTH = 4096;
export const MAX_SUBJECT_LEVELS = 128;

const WILDCARD = /[*>\s]/;

function check(text: string, what: string): void {
  if (text === '') throw new Fault('INVALID_ARGUMENT', `The ${what} is empty.`);
  if (text.length > MAX_SUBJECT_LENGTH) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The ${what} has ${text.length} characters; at most ${MAX_SUBJECT_LENGTH} are taken.`,
    );
  }
}

function split(text: string, what: string): string[] {
  // Two spellings of one level (%2e and %2E) must not be two subjects.
  const levels = (text.includes('%') ? subjectText(subjectLevels(text)) : text).split('.');
  if (levels.length > MAX_SUBJECT_LEVELS) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The ${what} has ${levels.length} levels; at most ${MAX_SUBJECT_LEVELS} are taken.`,
    );
  }
  return levels;
}

/** The escaped levels of a subject that something is published on.
 * @throws Fault INVALID_ARGUMENT for an empty or too long one, or one with a wildcard. */
export function publishLevels(subject: string): string[] {
  check(subject, 'subject');
  if (WILDCARD.test(subject)) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The subject ${JSON.stringify(subject)} has a wildcard or white space; publish on one subject (a level that holds such a character is percent-escaped: %2A for *).`,
    );
  }
  return split(subject, 'subject');
}

/** The levels of a filter: escaped ones, `*`, and `>` as the last.
 * @throws Fault INVALID_ARGUMENT for anything else. */
export function filterLevels(filter: string): string[] {
  check(filter, 'filter');
  const levels = filter
    .split('.')
    .map((level) => (level === '*' || level === '>' ? level : plainLevel(level, filter)));
  if (levels.length > MAX_SUBJECT_LEVELS) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The filter has ${levels.length} levels; at most ${MAX_SUBJECT_LEVELS} are taken.`,
    );
  }
  const tail = levels.indexOf('>');
  if (tail >= 0 && tail < levels.length - 1) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The filter ${JSON.stringify(filter)} has ">" before its end; ">" stands for all levels that remain.`,
    );
  }
  return levels;
}

function plainLevel(level: string, filter: string): string {
  if (WILDCARD.test(level)) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The filter ${JSON.stringify(filter)} has a wildcard or white space inside the level ${JSON.stringify(level)}; a wildcard stands for a whole level, and such a character itself is percent-escaped (%2A for *).`,
    );
  }
  return level.includes('%') ? subjectText(subjectLevels(level)) : level;
}
