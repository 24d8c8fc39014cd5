import { type Command, Option } from 'commander';
import type { Environment } from './program.ts';

export interface McpCommandOptions {
  readonly config?: string;
  readonly data?: string;
  readonly token?: string;
}

export function addMcp(
  program: Command,
  environment: Environment,
  done: (exitCode: number) => void,
): void {
  program
    .command('mcp')
    .description(
      'Serve contracts to an MCP client that starts this command, over stdin and stdout.',
    )
    .argument('[target...]', 'what `polywire up` would be given')
    .option('-c, --config <file>', 'configuration (default: polywire.yaml, where there is one)')
    .option('--data <folder>', 'folder for state (default: .polywire)')
    .addOption(
      new Option('--token <token>', 'bearer token of the caller, where the hub asks for one').env(
        'POLYWIRE_TOKEN',
      ),
    )
    .addHelpText(
      'after',
      `
The log, and what an application prints by console.log, go to stderr. It ends when stdin does.
For a client's configuration: {"command": "npx", "args": ["polywire", "mcp", "contract.ts"]}`,
    )
    .action(async (targets: string[], options: McpCommandOptions) => {
      const { serveMcp } = await import('./mcp.ts');
      done(await serveMcp(targets, options, environment));
    });
}
