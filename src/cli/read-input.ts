import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Operation } from '../model/contract.ts';
import type { JsonSchemaObject } from '../model/schema.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { pair } from './hub-client.ts';

/**
 * The input of a call from the command line: nothing, one JSON value, name=value pairs, or `-` for
 * stdin. A stream is read from stdin, one JSON value a line, unless values are given.
 */
export async function readInput(
  words: readonly string[],
  operation: Operation | undefined,
  stdin: Readable,
): Promise<unknown> {
  const fromStdin = words.length === 1 && words[0] === '-';
  if (operation?.input.stream === true) {
    if (fromStdin || words.length === 0) return lines(stdin);
    return words.map((word) => json(word, 'an item of the input'));
  }
  if (fromStdin) return json(await text(stdin), 'stdin');
  if (words.length === 0) return {};
  if (words.length === 1 && /^\s*[{["]/.test(words[0]!)) return json(words[0]!, 'the input');
  return Object.fromEntries(
    words.map((word) => {
      const [name, value] = pair(word, 'the input');
      return [name, memberValue(value, name, operation)];
    }),
  );
}

/** A text where the contract says text, whatever it looks like; else JSON where it is JSON. */
function memberValue(value: string, name: string, operation: Operation | undefined): unknown {
  const schema = operation?.input.schema as JsonSchemaObject | undefined;
  const member = (schema?.properties as Record<string, JsonSchemaObject> | undefined)?.[name];
  if (member?.type === 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    // No JSON: a plain text, as in to=Paris.
    return value;
  }
}

async function* lines(stdin: Readable): AsyncGenerator<unknown> {
  let number = 0;
  for await (const line of createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() !== '') yield json(line, `line ${number} of stdin`);
  }
}

function json(source: string, what: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new CommandError(
      EXIT.usage.code,
      `${what} is no JSON: ${(error as Error).message}; expected JSON such as '{"id":"1"}', or name=value`,
    );
  }
}
