/**
 * A subject is an array of levels. Its text joins them with dots; inside a level the characters
 * that mean something in a subject's text (`.`, `*`, `>`, `%`) and white space are
 * percent-escaped, so that text and levels are two forms of the same thing.
 */
export type SubjectText = string;

// Control characters too: a subject stands in logs, headers and event streams.
const RESERVED = /[.*>%\s\x00-\x1f\x7f]/g;

function escapeLevel(level: string): string {
  return level.replace(RESERVED, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}

function unescapeLevel(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not an escape that we wrote: the sign stands for itself.
    return text;
  }
}

export function subjectText(levels: readonly string[]): SubjectText {
  return levels.map(escapeLevel).join('.');
}

export function subjectLevels(text: SubjectText): string[] {
  return text.split('.').map(unescapeLevel);
}
