import { EventStreamParser, type ReceivedEvent } from '../wire/event-stream.ts';
import { pathOfFilter } from '../wire/subject-path.ts';
import type { SubscribeCommandOptions } from './client-commands.ts';
import { EXIT } from './exit-codes.ts';
import { interruption, request, responseFault, tellFault } from './hub-client.ts';
import type { Environment } from './program.ts';

/** Prints messages until the count, the time or Ctrl+C ends it. @returns the exit code */
export async function subscribe(
  filter: string,
  options: SubscribeCommandOptions,
  { output }: Environment,
): Promise<number> {
  const interrupted = interruption();
  const signals = [interrupted];
  if (options.timeout !== undefined) signals.push(AbortSignal.timeout(options.timeout));
  const signal = AbortSignal.any(signals);
  const headers = new Headers({ accept: 'text/event-stream' });
  if (options.after !== undefined) headers.set('last-event-id', options.after);
  try {
    const response = await request(`/subscribe/${pathOfFilter(filter)}`, options, {
      headers,
      signal,
    });
    if (!response.ok) return tellFault(await responseFault(response), output);
    const wanted = options.count ?? Number.POSITIVE_INFINITY;
    let printed = 0;
    const parser = new EventStreamParser();
    for await (const bytes of response.body ?? []) {
      for (const event of parser.push(bytes as Uint8Array)) {
        output.value(printedForm(event));
        if (++printed >= wanted) return EXIT.ok.code;
      }
    }
    output.error('polywire: the hub ended the subscription\n');
    return EXIT.unreachable.code;
  } catch (error) {
    if (interrupted.aborted) return EXIT.interrupted.code;
    // The time that was given is over: that is how it was meant to end.
    if (signal.aborted) return EXIT.ok.code;
    throw error;
  }
}

function printedForm(event: ReceivedEvent): Record<string, unknown> {
  return {
    event: event.event,
    position: event.lastEventId,
    ...Object.fromEntries(event.fields ?? []),
    data: jsonOrText(event.data),
  };
}

function jsonOrText(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // Published as something else than JSON.
    return data;
  }
}
