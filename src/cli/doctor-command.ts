import type { Command } from 'commander';
import type { Environment } from './program.ts';

export interface DoctorOptions {
  readonly config?: string;
}

export function addDoctor(
  program: Command,
  environment: Environment,
  done: (exitCode: number) => void,
): void {
  program
    .command('doctor')
    .description('Check this machine and the configuration, and say what to do.')
    .argument('[target...]', 'what `polywire up` would be given')
    .option('-c, --config <file>', 'configuration (default: polywire.yaml, where there is one)')
    .addHelpText(
      'after',
      `
Each check is ok, warn or fail. The exit code is 1 when one fails. With --json: one JSON value
with every check, and the configuration with its secrets hidden.`,
    )
    .action(async (targets: string[], options: DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      done(await doctor(targets, options, environment));
    });
}
