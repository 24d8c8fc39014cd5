import { didYouMean } from '../hub/option-value.ts';
import type { Contract, Operation } from '../model/contract.ts';
import { Fault } from '../model/fault.ts';
import { suggest } from '../model/suggest.ts';
import type { HubOptions } from './client-commands.ts';
import { CommandError, EXIT, exitCodeOfFault } from './exit-codes.ts';
import type { Output } from './output.ts';

/** `name=value`, split at the first sign. @throws CommandError */
export function pair(text: string, option: string): [name: string, value: string] {
  const sign = text.indexOf('=');
  if (sign > 0) return [text.slice(0, sign), text.slice(sign + 1)];
  throw new CommandError(
    EXIT.usage.code,
    `${option} is ${JSON.stringify(text)}, expected name=value`,
  );
}

export function baseUrl(options: HubOptions): URL {
  const text = options.url.includes('://') ? options.url : `http://${options.url}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new CommandError(
      EXIT.usage.code,
      `--url is ${JSON.stringify(options.url)}, expected an address such as http://127.0.0.1:7070`,
    );
  }
  return url;
}

export function authorization(options: HubOptions): Record<string, string> {
  return options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
}

/** fetch, with a hub that is not there explained. */
export async function request(
  path: string,
  options: HubOptions,
  init: RequestInit = {},
): Promise<Response> {
  const url = new URL(path, baseUrl(options));
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(authorization(options))) headers.set(name, value);
  try {
    return await fetch(url, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw unreachable(url, error);
  }
}

export function unreachable(url: URL, error: unknown): CommandError {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const reason = cause?.code ?? cause?.message ?? (error as Error).message;
  return new CommandError(
    EXIT.unreachable.code,
    `no hub answers at ${url.origin} (${reason}); start one with "polywire up", or name another with --url`,
    { url: url.origin, reason },
  );
}

/** The fault of a response that is no success (problem+json, RFC 9457). */
export async function responseFault(response: Response): Promise<Fault> {
  const text = (await response.text()).slice(0, 100_000);
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    return Fault.fromJSON({ ...problem, message: problem.detail ?? problem.title });
  } catch {
    // Not from a hub, or cut off: the status is all there is.
    return new Fault('UNKNOWN', `The answer is ${response.status} ${response.statusText}.`);
  }
}

/** An operation as the hub's contracts describe it; undefined where the hub does not tell. */
export async function findOperation(
  name: string,
  options: HubOptions,
): Promise<Operation | undefined> {
  const response = await request('/contract.json', options);
  if (!response.ok) {
    await response.body?.cancel();
    return undefined;
  }
  const contracts = (await response.json()) as readonly Contract[];
  const known = new Map<string, Operation>(
    contracts.flatMap(({ services }) =>
      services.flatMap((service) =>
        service.operations.map(
          (operation) => [`${service.name}.${operation.name}`, operation] as const,
        ),
      ),
    ),
  );
  const operation = known.get(name);
  if (operation !== undefined) return operation;
  const meant = suggest(name, known.keys());
  const hint =
    meant === undefined && known.size > 0
      ? `; it serves ${[...known.keys()].slice(0, 20).join(', ')}`
      : didYouMean(meant);
  throw new CommandError(
    exitCodeOfFault('UNIMPLEMENTED'),
    `the hub has no operation "${name}"${hint}`,
    { code: 'UNIMPLEMENTED' },
  );
}

/** Prints a fault with all it says. @returns its exit code */
export function tellFault(fault: Fault, output: Output): number {
  const exitCode = exitCodeOfFault(fault.code);
  if (output.json) {
    process.stderr.write(`${JSON.stringify({ fault: fault.toJSON() })}\n`);
    return exitCode;
  }
  const name = fault.error === undefined ? fault.code : `${fault.error} (${fault.code})`;
  const lines = [`${output.style('red', name)}: ${fault.message}`];
  for (const { path, expected, received } of fault.violations ?? []) {
    lines.push(
      `  ${path === '' ? '(the whole)' : path}: expected ${expected}, received ${received}`,
    );
  }
  if (fault.data !== undefined) lines.push(`  data: ${JSON.stringify(fault.data)}`);
  if (fault.retryAfterMs !== undefined) lines.push(`  try again in ${fault.retryAfterMs} ms`);
  output.error(`${lines.join('\n')}\n`);
  return exitCode;
}

/** Aborted by Ctrl+C; a command ends then with the exit code of an interruption. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
