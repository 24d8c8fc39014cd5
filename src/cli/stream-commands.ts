import { type Command, Option } from 'commander';
import { durationOf, sizeOf } from './amounts.ts';
import { type HubOptions, repeated, toHub, wholeNumber } from './client-commands.ts';
import type { Environment } from './program.ts';

export interface CreateStreamOptions extends HubOptions {
  readonly subject?: readonly string[];
  readonly keySubject?: string;
  readonly partitions?: number;
  readonly retention?: number;
  readonly maxBytes?: number;
  readonly compact?: boolean;
  readonly sync?: string;
}

export interface ReadStreamOptions extends HubOptions {
  readonly count?: number;
  readonly from?: string;
  readonly partition?: string;
  readonly headers?: boolean;
  readonly timeout?: number;
}

export interface RemoveStreamOptions extends HubOptions {
  readonly yes?: boolean;
}

type Done = (exitCode: number) => void;
type Run<Options> = (name: string, options: Options) => Promise<number>;

/** Adds `polywire stream ls|info|create|peek|tail|rm`. */
export function addStreamCommands(program: Command, environment: Environment, done: Done): void {
  const stream = program
    .command('stream')
    .description('Look at the streams of a running hub, and manage them.');
  const add = <Options extends HubOptions>(
    command: Command,
    load: () => Promise<Run<Options>>,
  ): Command =>
    toHub(command)
      .argument('<name>', 'name of the stream')
      .action(async (name: string, options: Options) => done(await (await load())(name, options)));

  toHub(stream.command('ls'))
    .description('List the streams.')
    .action(async (options: HubOptions) => {
      const { listStreams } = await import('./streams.ts');
      done(await listStreams(options, environment));
    });
  add<HubOptions>(
    stream.command('info').description('Show settings, partitions, offsets and sizes.'),
    async () => {
      const { streamInfo } = await import('./streams.ts');
      return (name, options) => streamInfo(name, options, environment);
    },
  );
  add<CreateStreamOptions>(addCreateOptions(stream.command('create')), async () => {
    const { createStream } = await import('./streams.ts');
    return (name, options) => createStream(name, options, environment);
  });
  add<ReadStreamOptions>(addPeekOptions(stream.command('peek')), async () => {
    const { peekStream } = await import('./stream-records.ts');
    return (name, options) => peekStream(name, options, environment);
  });
  add<ReadStreamOptions>(addTailOptions(stream.command('tail')), async () => {
    const { tailStream } = await import('./stream-records.ts');
    return (name, options) => tailStream(name, options, environment);
  });
  add<RemoveStreamOptions>(
    stream
      .command('rm')
      .description('Remove a stream with its records.')
      .option('--yes', 'really; without it nothing is removed'),
    async () => {
      const { removeStream } = await import('./streams.ts');
      return (name, options) => removeStream(name, options, environment);
    },
  );
}

function addCreateOptions(command: Command): Command {
  return command
    .description('Make a stream; what is not said comes from the configuration of the hub.')
    .option('-s, --subject <filter>', 'subjects to capture (default: its name)', repeated)
    .option('--key-subject <template>', 'how key and subject go together: sensors.{key}')
    .option('-p, --partitions <count>', 'order is kept within a partition', wholeNumber)
    .option('--retention <duration>', 'keep records so long: 7d, 12h, forever', durationOf)
    .option('--max-bytes <size>', 'keep about so much in each partition: 1GiB', sizeOf)
    .option('--compact', 'keep the last record of each key')
    .addOption(
      new Option('--sync <mode>', 'when a message counts as accepted').choices([
        'always',
        'interval',
        'never',
      ]),
    );
}

const READ_HELP = `
One line a record: partition:offset, time, key and value; with --json a JSON value a line, which
loses nothing. Offsets and times are those of the stream.`;

function addPeekOptions(command: Command): Command {
  return readOptions(command)
    .description('Print records of a stream, by default the latest.')
    .option('-n, --count <count>', 'how many (default: 10)', wholeNumber)
    .option(
      '--from <place>',
      'latest (default), start, now, a time, or an offset where --partition is given',
    )
    .addHelpText(
      'after',
      `${READ_HELP}

Examples:
  polywire stream peek orders.placed
  polywire stream peek orders.placed --from start --count 100
  polywire stream peek orders.placed --partition 0 --from 4711 --headers`,
    );
}

function addTailOptions(command: Command): Command {
  return readOptions(command)
    .description('Print the records of a stream as they come, until Ctrl+C.')
    .option('-n, --count <count>', 'end after so many', wholeNumber)
    .option('--timeout <ms>', 'end after so many milliseconds', wholeNumber)
    .option(
      '--from <place>',
      'now (default), start, latest, a time, or an offset where --partition is given',
    )
    .addHelpText('after', READ_HELP);
}

function readOptions(command: Command): Command {
  return command
    .option('-p, --partition <number>', 'only this partition (default: all)')
    .option('--headers', 'print headers too');
}
