import { Fault } from '../model/fault.ts';
import type { CallCommandOptions } from './client-commands.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { baseUrl, findOperation, interruption, pair, tellFault } from './hub-client.ts';
import { openTransport } from './open-transport.ts';
import type { Environment } from './program.ts';
import { readInput } from './read-input.ts';

/** Calls one operation and prints what it answers. @returns the exit code */
export async function call(
  name: string,
  words: readonly string[],
  options: CallCommandOptions,
  { output }: Environment,
): Promise<number> {
  const interrupted = interruption();
  const operation = await findOperation(name, options);
  const input = await readInput(words, operation, process.stdin);
  const metadata = Object.fromEntries(
    (options.metadata ?? []).map((text) => pair(text, '--metadata')),
  );
  const transport = openTransport(options.over, baseUrl(options), options.token);
  try {
    const outcome = transport.call(name, input, {
      signal: interrupted,
      timeoutMs: options.timeout,
      metadata,
    });
    if (operation?.output.stream === true) {
      for await (const item of outcome.items()) output.value(item);
    } else {
      const value = await outcome.value();
      if (output.json || !process.stdout.isTTY) output.value(value);
      else output.line(JSON.stringify(value, undefined, 2));
    }
    return EXIT.ok.code;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (interrupted.aborted) return EXIT.interrupted.code;
    const fault = Fault.from(error);
    // A mistake in a line of stdin ends the call from this side.
    if (fault.cause instanceof CommandError) throw fault.cause;
    return tellFault(fault, output);
  } finally {
    await transport.close(new Fault('CANCELLED', 'The command is over.'));
  }
}
