import type { Command } from 'commander';
import type { Environment } from './program.ts';

export interface StdioOptions {
  readonly config?: string;
  readonly data?: string;
}

export function addStdio(
  program: Command,
  environment: Environment,
  done: (exitCode: number) => void,
): void {
  program
    .command('stdio')
    .description('Serve contracts in JSON-RPC over stdin and stdout, for a program that starts it.')
    .argument('[target...]', 'what `polywire up` would be given')
    .option('-c, --config <file>', 'configuration (default: polywire.yaml, where there is one)')
    .option('--data <folder>', 'folder for state (default: .polywire)')
    .addHelpText(
      'after',
      `
Messages are lines of JSON or have Content-Length headers, whichever the first one has. The log
goes to stderr; an application must not print to stdout. It ends when stdin does.`,
    )
    .action(async (targets: string[], options: StdioOptions) => {
      const { stdio } = await import('./stdio.ts');
      done(await stdio(targets, options, environment));
    });
}
