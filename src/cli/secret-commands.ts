import type { Command } from 'commander';
import type { Environment } from './program.ts';

/** What to put into `auth` in place of passwords and tokens. */
export function addSecretCommands(program: Command, environment: Environment): void {
  program
    .command('hash-password')
    .description('Print what stands in the configuration in place of a password.')
    .option('--scram', 'print what SCRAM needs beside it, too')
    .addHelpText(
      'after',
      `
The password is asked for at a terminal, and read from stdin (its first line) elsewhere. Put what is
printed into auth.users as "scrypt", and with --scram its other lines as the list "scram".`,
    )
    .action(async (options: { readonly scram?: boolean }) => {
      const { hashPasswordCommand } = await import('./secrets.ts');
      await hashPasswordCommand(environment.output, options.scram === true);
    });
  program
    .command('hash-token')
    .description('Print what stands in the configuration in place of a bearer token.')
    .option('--new', 'make a token too, and print it first')
    .addHelpText(
      'after',
      `
The token is asked for at a terminal, and read from stdin (its first line) elsewhere. Put the hash
into auth.tokens as "sha256".`,
    )
    .action(async (options: { readonly new?: boolean }) => {
      const { hashTokenCommand } = await import('./secrets.ts');
      await hashTokenCommand(environment.output, options.new === true);
    });
}
