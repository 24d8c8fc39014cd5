import { buffer } from 'node:stream/consumers';
import { subjectLevels } from '../model/subject.ts';
import { pathOfLevels } from '../wire/subject-path.ts';
import type { PublishCommandOptions } from './client-commands.ts';
import { EXIT } from './exit-codes.ts';
import { interruption, pair, request, responseFault, tellFault } from './hub-client.ts';
import type { Environment } from './program.ts';

/** Publishes one message. @returns the exit code */
export async function publish(
  subject: string,
  payload: string | undefined,
  options: PublishCommandOptions,
  { output }: Environment,
): Promise<number> {
  const body =
    payload === undefined || payload === '-' ? await buffer(process.stdin) : Buffer.from(payload);
  const headers = new Headers({ 'content-type': options.contentType ?? mediaType(body) });
  if (options.key !== undefined) headers.set('x-message-key', options.key);
  for (const text of options.header ?? []) {
    const [name, value] = pair(text, '--header');
    headers.set(`x-message-header-${name}`, value);
  }
  const signal = interruption();
  const response = await request(`/publish/${pathOfLevels(subjectLevels(subject))}`, options, {
    method: 'POST',
    headers,
    body,
    signal,
  });
  if (!response.ok) return tellFault(await responseFault(response), output);
  const accepted = (await response.json()) as { readonly id?: string };
  if (output.json) output.value(accepted);
  else output.line(`accepted ${accepted.id ?? ''}`.trimEnd());
  return EXIT.ok.code;
}

function mediaType(body: Buffer): string {
  try {
    JSON.parse(body.toString('utf8'));
    return 'application/json';
  } catch {
    // No JSON: it goes as text, and as bytes where it is no UTF-8.
    return isUtf8(body) ? 'text/plain; charset=utf-8' : 'application/octet-stream';
  }
}

function isUtf8(body: Buffer): boolean {
  return Buffer.from(body.toString('utf8')).equals(body);
}
