import { Fault } from '../model/fault.ts';
import { fromOf } from '../wire/subscription-start.ts';
import type { SubscribeCommandOptions } from './client-commands.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { baseUrl, interruption, request, tellFault } from './hub-client.ts';
import { openTransport } from './open-transport.ts';
import type { Environment } from './program.ts';

/** Prints messages until the count, the time or Ctrl+C ends it. @returns the exit code */
export async function subscribe(
  filter: string,
  options: SubscribeCommandOptions,
  { output }: Environment,
): Promise<number> {
  const from = placeOf(options.from);
  const interrupted = interruption();
  const timeout = options.timeout === undefined ? [] : [AbortSignal.timeout(options.timeout)];
  // The client waits for a hub that went away; one that was never there is a mistake.
  const probe = await request('/healthz', options);
  await probe.body?.cancel();
  const transport = openTransport('http', baseUrl(options), options.token);
  const wanted = options.count ?? Number.POSITIVE_INFINITY;
  let printed = 0;
  try {
    const received = transport.subscribe(filter, {
      signal: AbortSignal.any([interrupted, ...timeout]),
      after: options.after,
      from,
      last: options.last,
      onGap: () => output.error('polywire: some messages are missing here\n'),
    });
    for await (const { subject, position, payload } of received) {
      output.value(
        payload instanceof Uint8Array
          ? { subject, position, base64: Buffer.from(payload).toString('base64') }
          : { subject, position, payload },
      );
      if (++printed >= wanted) break;
    }
    return interrupted.aborted ? EXIT.interrupted.code : EXIT.ok.code;
  } catch (error) {
    return tellFault(Fault.from(error), output);
  } finally {
    await transport.close(new Fault('CANCELLED', 'The command is over.'));
  }
}

/** @throws CommandError for what is no place */
function placeOf(text: string | undefined): ReturnType<typeof fromOf> {
  try {
    return fromOf(text, '--from');
  } catch (error) {
    throw new CommandError(EXIT.usage.code, (error as Error).message);
  }
}
