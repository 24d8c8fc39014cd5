import type { ReadStream } from 'node:tty';
import { CommandError, EXIT } from './exit-codes.ts';

/** Longer ones are refused by the hub too. */
const MAX_SECRET_LENGTH = 4096;

/** Where a secret is typed in. */
export interface SecretInput extends AsyncIterable<string | Buffer> {
  readonly isTTY?: boolean | undefined;
  setRawMode?: ReadStream['setRawMode'];
  setEncoding(encoding: 'utf8'): unknown;
  pause(): unknown;
}

/**
 * A secret from whoever runs the command: asked for at a terminal, without showing it and twice,
 * else the first line of stdin. It never stands in the command line, where others could read it.
 * @param prompt writes what to type in; not to stdout
 * @throws CommandError for an empty, too long or differently repeated one, and at Ctrl+C
 */
export async function readSecret(
  what: string,
  input: SecretInput,
  prompt: (text: string) => void,
): Promise<string> {
  input.setEncoding('utf8');
  const secret = input.isTTY === true ? await askTwice(what, input, prompt) : await oneLine(input);
  if (secret === '') throw new CommandError(EXIT.usage.code, `No ${what} was given.`);
  return secret;
}

async function askTwice(
  what: string,
  input: SecretInput,
  prompt: (text: string) => void,
): Promise<string> {
  const typed = new TypedLine();
  const lines: string[] = [];
  input.setRawMode?.(true);
  prompt(`${what}: `);
  try {
    for await (const chunk of input) {
      for (const key of String(chunk)) {
        if (!typed.key(key)) continue;
        lines.push(typed.take());
        prompt(lines.length === 1 ? `\nthe ${what} again: ` : '\n');
        if (lines.length === 2) return same(what, lines);
      }
    }
    return same(what, lines);
  } finally {
    input.setRawMode?.(false);
    input.pause();
  }
}

function same(what: string, [first, second]: readonly string[]): string {
  if (first === second) return first ?? '';
  throw new CommandError(EXIT.usage.code, `The ${what} was not the same both times.`);
}

/** What is typed at a terminal that leaves editing to the program. */
class TypedLine {
  #characters: string[] = [];

  /** True for the key that ends the line. */
  key(key: string): boolean {
    if (key === '\r' || key === '\n' || key === '\u0004') return true;
    if (key === '\u0003') throw new CommandError(EXIT.interrupted.code, 'Interrupted.');
    if (key === '\u007f' || key === '\b') this.#characters.pop();
    else if (key === '\u0015') this.#characters = [];
    else if (key >= ' ') this.#characters.push(key);
    if (this.#characters.length > MAX_SECRET_LENGTH) throw tooLong();
    return false;
  }

  take(): string {
    const line = this.#characters.join('');
    this.#characters = [];
    return line;
  }
}

async function oneLine(input: SecretInput): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) {
      text = text.slice(0, text[end - 1] === '\r' ? end - 1 : end);
      break;
    }
    if (text.length > MAX_SECRET_LENGTH) break;
  }
  if (text.length > MAX_SECRET_LENGTH) throw tooLong();
  return text;
}

function tooLong(): CommandError {
  return new CommandError(EXIT.usage.code, `It is longer than ${MAX_SECRET_LENGTH} characters.`);
}
