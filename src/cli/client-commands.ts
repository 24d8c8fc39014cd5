import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Environment } from './program.ts';

export const OVER = ['http', 'websocket', 'jsonrpc'] as const;
export type Over = (typeof OVER)[number];

/** Where the hub is, and who asks. */
export interface HubOptions {
  readonly url: string;
  readonly token?: string;
  readonly user?: string;
}

export interface CallCommandOptions extends HubOptions {
  readonly over: Over;
  readonly timeout?: number;
  readonly metadata?: readonly string[];
}

export interface PublishCommandOptions extends HubOptions {
  readonly key?: string;
  readonly header?: readonly string[];
  readonly contentType?: string;
}

export interface SubscribeCommandOptions extends HubOptions {
  readonly count?: number;
  readonly after?: string;
  readonly from?: string;
  readonly last?: number;
  readonly timeout?: number;
}

type Done = (exitCode: number) => void;

export function addClientCommands(program: Command, environment: Environment, done: Done): void {
  addCall(program, environment, done);
  addPublish(program, environment, done);
  addSubscribe(program, environment, done);
  addTry(program, environment, done);
}

function addCall(program: Command, environment: Environment, done: Done): void {
  toHub(program.command('call'))
    .description('Call an operation of a running hub.')
    .argument('<operation>', 'full name, such as parcels.get')
    .argument('[input...]', 'JSON, name=value pairs, or - for stdin')
    .addOption(
      new Option('--over <protocol>', 'protocol of the call').choices(OVER).default('http'),
    )
    .option('--timeout <ms>', 'milliseconds to wait for the end of the answer', wholeNumber)
    .option('-m, --metadata <name=value>', 'metadata of the call; may be repeated', repeated)
    .addHelpText(
      'after',
      `
The answer is printed as JSON; a stream as one JSON value a line, as they come. An operation that
takes a stream reads one JSON value a line from stdin. A fault goes to stderr, and the exit code
tells its code (docs/generated/cli.md).

Examples:
  polywire call parcels.get id=PW-1
  polywire call parcels.register '{"to":"Main Street 1"}'
  polywire call parcels.watch id=PW-1 --over websocket
  cat scans.ndjson | polywire call parcels.scanBatch -`,
    )
    .action(async (operation: string, input: string[], options: CallCommandOptions) => {
      const { call } = await import('./call.ts');
      done(await call(operation, input, options, environment));
    });
}

function addPublish(program: Command, environment: Environment, done: Done): void {
  toHub(program.command('publish'))
    .description('Publish a message to a running hub.')
    .argument('<subject>', 'levels joined by dots, such as parcels.moved')
    .argument('[payload]', 'the payload; - or nothing reads stdin')
    .option('-k, --key <key>', 'key of the message: order is kept within a key')
    .option('-H, --header <name=value>', 'header of the message; may be repeated', repeated)
    .option('-t, --content-type <type>', 'media type (default: JSON where it is JSON, else text)')
    .action(async (subject: string, payload: string | undefined, options) => {
      const { publish } = await import('./publish.ts');
      done(await publish(subject, payload, options as PublishCommandOptions, environment));
    });
}

function addSubscribe(program: Command, environment: Environment, done: Done): void {
  toHub(program.command('subscribe'))
    .description('Print the messages of a running hub as they come.')
    .argument('<filter>', 'levels joined by dots; * is one level, > at the end the rest')
    .option('-n, --count <count>', 'end after so many messages', wholeNumber)
    .option('--after <position>', 'resume after the position of an earlier message')
    .option(
      '--from <place>',
      'where to begin without a position: now (default), start, or a time (2026-01-31T12:00:00Z)',
    )
    .option('--last <count>', 'begin with so many of the latest of each partition', wholeNumber)
    .option('--timeout <ms>', 'end after so many milliseconds', wholeNumber)
    .addHelpText(
      'after',
      `
One JSON value a line: subject, position and payload. What streams keep is received from any place
in it, and what comes after follows without a gap.

Examples:
  polywire subscribe 'orders.>' --from start --count 10
  polywire subscribe orders.placed --from 2026-01-31T12:00:00Z
  polywire subscribe orders.placed --after POSITION`,
    )
    .action(async (filter: string, options: SubscribeCommandOptions) => {
      const { subscribe } = await import('./subscribe.ts');
      done(await subscribe(filter, options, environment));
    });
}

function addTry(program: Command, environment: Environment, done: Done): void {
  toHub(program.command('try'))
    .description('Print lines to paste, for every protocol of a running hub.')
    .argument('[protocol]', 'one protocol, such as rest or websocket')
    .action(async (protocol: string | undefined, options: HubOptions) => {
      const { tryIt } = await import('./try.ts');
      done(await tryIt(protocol, options, environment));
    });
}

const DEFAULT_URL = 'http://127.0.0.1:7070';

export function toHub(command: Command): Command {
  return command
    .addOption(
      new Option('-u, --url <url>', 'address of the hub').env('POLYWIRE_URL').default(DEFAULT_URL),
    )
    .addOption(
      new Option(
        '--token <token>',
        'bearer token; the variable keeps it out of the list of processes',
      ).env('POLYWIRE_TOKEN'),
    );
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new InvalidArgumentError('expected a whole number from 1.');
  return Number(text);
}

export function repeated(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, text];
}
