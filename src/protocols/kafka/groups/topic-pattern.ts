import type { RE2JS } from 're2js';
import { ERROR } from '../errors.ts';
import { KafkaFailure } from '../failure.ts';

/** Longest expression, in characters, and most instructions of its automaton: matching takes time
 * in proportion to both, and holds up everybody. */
const MAX_CHARACTERS = 1_024;
const MAX_INSTRUCTIONS = 2_000;

let engine: typeof RE2JS | undefined;

/** Loads what reads expressions; resolves at once from the second time on. */
export async function patternsLoaded(): Promise<void> {
  engine ??= (await import('re2js')).RE2JS;
}

/**
 * An expression that topics are subscribed by (KIP-848), in the syntax of RE2 as Kafka has it; it
 * has to match the whole name. Its time grows with the length of the name alone, whatever the
 * expression.
 * Only after `patternsLoaded`.
 * @throws KafkaFailure INVALID_REGULAR_EXPRESSION
 */
export function topicPattern(regex: string): (name: string) => boolean {
  if (regex.length > MAX_CHARACTERS) {
    throw refused(`it has ${regex.length} characters; at most ${MAX_CHARACTERS} are taken`);
  }
  const compiled = compile(regex);
  if (compiled.programSize() > MAX_INSTRUCTIONS) {
    throw refused('it is too large: use fewer and smaller repetitions');
  }
  return (name) => compiled.matches(name);
}

function compile(regex: string): RE2JS {
  try {
    return engine!.compile(regex);
  } catch (error) {
    throw refused((error as Error).message);
  }
}

function refused(reason: string): KafkaFailure {
  return new KafkaFailure(
    ERROR.INVALID_REGULAR_EXPRESSION,
    `The regular expression of the subscription is refused: ${reason}.`,
  );
}
