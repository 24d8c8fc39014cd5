import { Fault } from '../model/fault.ts';
import { subjectLevels, subjectText } from '../model/subject.ts';

/**
 * Subjects as URL paths: one level is one path segment. A segment is percent-encoded twice where
 * it must be: the level's `%`, `*` and `>` are escaped first (as in a subject's text), so that a
 * plain or singly encoded `*` or `>` is a wildcard in a filter and a level of that name is
 * `%252A`; then the segment is percent-encoded for the URL. A level `.` or `..` is escaped too,
 * because clients drop such segments, encoded or not.
 */

const ESCAPED = /[%*>]/g;
const ESCAPES: Readonly<Record<string, string>> = { '%': '%25', '*': '%2A', '>': '%3E' };

function levelSegment(level: string): string {
  if (level === '.') return '%252E';
  if (level === '..') return '%252E%252E';
  const wellFormed = level.toWellFormed();
  return encodeURIComponent(wellFormed.replace(ESCAPED, (character) => ESCAPES[character]!));
}

/** `sensors/room%201`: the path of a subject, without a leading slash. */
export function pathOfLevels(levels: readonly string[]): string {
  return levels.map(levelSegment).join('/');
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The path has a percent-encoding that is no UTF-8: ${JSON.stringify(segment.slice(0, 64))}.`,
    );
  }
}

function unescapeLevel(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not an escape that pathOfLevels wrote: the sign stands for itself.
    return text;
  }
}

/** The levels that a path names, without its leading slash, as it was sent. Wildcard characters
 * stand for themselves.
 * @throws Fault INVALID_ARGUMENT for percent-encoding that is no UTF-8. */
export function levelsOfPath(path: string): string[] {
  return path.split('/').map((segment) => unescapeLevel(decodeSegment(segment)));
}

/** The hub's filter text that a path names: a segment `*` is any one level, a last segment `>` is
 * one or more.
 * @throws Fault INVALID_ARGUMENT for percent-encoding that is no UTF-8. */
export function filterOfPath(path: string): string {
  return path
    .split('/')
    .map((segment) => {
      const text = decodeSegment(segment);
      return text === '*' || text === '>' ? text : subjectText([unescapeLevel(text)]);
    })
    .join('.');
}

/** The path of a filter's text, without a leading slash: the reverse of filterOfPath. */
export function pathOfFilter(filter: string): string {
  return filter
    .split('.')
    .map((level) =>
      level === '*' || level === '>' ? level : levelSegment(subjectLevels(level)[0] ?? ''),
    )
    .join('/');
}
