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
  const program = await createProgram(environment, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(commandLine, { from: 'user' });
    return exitCode;
  } catch (error) {
    return tell(error, output);
  }
}

function tell(error: unknown, output: Output): number {
  if (error instanceof CommanderError) {
    // Help and version are no failures; commander has printed them.
    return error.exitCode === 0 ? EXIT.ok.code : EXIT.usage.code;
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
): Promise<Command> {
  const program = new Command('polywire')
    .description('One process that lets systems with different protocols speak to each other.')
    .version(await packageVersion(), '-V, --version')
    .helpCommand('help [command]', 'Show what a command takes.')
    .configureOutput({ writeErr: (text) => environment.output.error(text) })
    .showSuggestionAfterError(true)
    .showHelpAfterError('(polywire help shows the commands)')
    .exitOverride()
    .enablePositionalOptions();

  const { addUp } = await import('./up-command.ts');

  const { addDoctor } = await import('./doctor-command.ts');
  addUp(program, environment, done);

  addDoctor(program, environment, done);
  for (const command of program.commands) {
    command.exitOverride().addOption(new Option('--no-color', 'Plain text, also at a terminal.'));
    if (!command.options.some((option) => option.long === '--json')) {
      command.addOption(new Option('--json', 'Machine-readable: JSON, one value a line.'));
    }
  }
  return program;
}

export async function packageVersion(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
