import type { ProtocolFacts } from '../config/try-lines.ts';
import { tryText } from '../config/try-lines.ts';
import { suggest } from '../model/suggest.ts';
import type { HubOptions } from './client-commands.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { request, responseFault, tellFault } from './hub-client.ts';
import type { Environment } from './program.ts';

/** Prints lines to paste, of one protocol or of all. @returns the exit code */
export async function tryIt(
  name: string | undefined,
  options: HubOptions,
  { output }: Environment,
): Promise<number> {
  const response = await request('/try', options, { headers: { accept: 'application/json' } });
  if (!response.ok) return tellFault(await responseFault(response), output);
  const { protocols } = (await response.json()) as { readonly protocols: ProtocolFacts[] };
  const chosen = protocols.filter((protocol) => name === undefined || protocol.name === name);
  if (chosen.length === 0 && name !== undefined) {
    const names = protocols.map((protocol) => protocol.name);
    const meant = suggest(name, names);
    throw new CommandError(
      EXIT.usage.code,
      `the hub serves no protocol "${name}"; ${meant === undefined ? `it serves ${names.join(', ')}` : `did you mean "${meant}"?`}`,
      { protocols: names },
    );
  }
  if (output.json) output.value({ protocols: chosen });
  else output.line(tryText(chosen, (style, text) => output.style(style, text)).trimEnd());
  return EXIT.ok.code;
}
