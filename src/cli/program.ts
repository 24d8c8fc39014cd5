import { Command, CommanderError, Option } from 'commander';
import { CommandError, EXIT } from './exit-codes.ts';
import { Output } from './output.ts';

/** What every command gets beside its own options. */
export interface Environment {
  readonly output: Output;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}

/**
 * Runs one command line.
 * @returns the exit code; everything there is to say has been printed.
 */
export async function run(commandLine: readonly string[]): Promise<number> {
  const output = new Output(commandLine, process.env);
  const environment: Environment = {
    output,
    variables: process.env,
    directory: process.cwd(),
  };
  let exitCode: number = EXIT.ok.code;
  const done = (code: number): void => {
    exitCode = code;
  };
  const program = await createProgram(environment, done, wantsContract(commandLine));
  try {
    await program.parseAsync(commandLine, { from: 'user' });
    // The contract commands leave theirs with the process.
    return exitCode === EXIT.ok.code ? Number(process.exitCode ?? EXIT.ok.code) : exitCode;
  } catch (error) {
    return tell(error, output);
  }
}

/** The contract commands bring every protocol's documents along: loaded only when needed. */
function wantsContract(commandLine: readonly string[]): boolean {
  const words = commandLine.filter((word) => !word.startsWith('-'));
  return words[0] === 'contract' || (words[0] === 'help' && words[1] === 'contract');
}

function tell(error: unknown, output: Output): number {
  if (error instanceof CommanderError) {
    // Help and version are no failures; commander has printed them.
    if (error.exitCode === 0) return EXIT.ok.code;
    if (output.json) output.failure(error.message.replace(/^error: /, ''), {});
    return EXIT.usage.code;
  }
  if (error instanceof CommandError) {
    output.failure(error.message, error.details);
    return error.exitCode;
  }
  output.failure(error instanceof Error ? (error.stack ?? error.message) : String(error), {});
  return EXIT.failed.code;
}

/** @param done takes the exit code of a command that ran */
export async function createProgram(
  environment: Environment,
  done: (exitCode: number) => void,
  withContract: boolean,
): Promise<Command> {
  const program = new Command('polywire')
    .description('One process that lets systems with different protocols speak to each other.')
    .version(await packageVersion(), '-V, --version')
    .helpCommand('help [command]', 'Show what a command takes.')
    // With --json a failure is one JSON value, which `tell` writes.
    .configureOutput({
      writeErr: (text) => {
        if (!environment.output.json) environment.output.error(text);
      },
    })
    .showSuggestionAfterError(true)
    .showHelpAfterError('(polywire help shows the commands)')
    .exitOverride()
    .enablePositionalOptions();

  const { addUp } = await import('./up-command.ts');

  const { addClientCommands } = await import('./client-commands.ts');
  const { addStreamCommands } = await import('./stream-commands.ts');
  const { addDoctor } = await import('./doctor-command.ts');
  const { addStdio } = await import('./stdio-command.ts');
  const { addMcp } = await import('./mcp-command.ts');
  const { addSecretCommands } = await import('./secret-commands.ts');
  addUp(program, environment, done);

  addClientCommands(program, environment, done);
  addStreamCommands(program, environment, done);
  if (withContract) await addContract(program);
  else program.command('contract').description('Export, check and compare contracts.');
  addDoctor(program, environment, done);
  addStdio(program, environment, done);
  addMcp(program, environment, done);
  addSecretCommands(program, environment);
  for (const command of commandsOf(program)) {
    command.exitOverride().addOption(new Option('--no-color', 'Plain text, also at a terminal.'));
    if (command.commands.length === 0 && !command.options.some(({ long }) => long === '--json')) {
      command.addOption(new Option('--json', 'Machine-readable: JSON, one value a line.'));
    }
  }
  return program;
}

/** All commands below one, and those that only gather others. */
function commandsOf(parent: Command): Command[] {
  return parent.commands.flatMap((command) => [command, ...commandsOf(command)]);
}

async function addContract(program: Command): Promise<void> {
  const { contractCommand } = await import('./contract.ts');
  const { PROTOCOLS } = await import('../standard.ts');
  contractCommand(
    program,
    PROTOCOLS.flatMap((protocol) => protocol.documents ?? []),
  );
}

export async function packageVersion(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
