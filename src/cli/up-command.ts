import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Flag } from '../config/layers.ts';
import type { Environment } from './program.ts';

/** Options of `polywire up` as commander gives them. */
export interface UpOptions {
  readonly port?: number;
  readonly host?: string;
  readonly data?: string;
  readonly config?: string;
  readonly unix?: string;
  readonly logLevel?: string;
  readonly watch?: boolean;
  readonly insecure?: boolean;
}

/** Command-line options that set an option of the configuration. */
const FLAG_PATHS = {
  port: ['listen', 'port'],
  host: ['listen', 'host'],
  unix: ['listen', 'unix'],
  insecure: ['listen', 'insecure'],
  data: ['data'],
  logLevel: ['log', 'level'],
} as const;

export function addUp(
  program: Command,
  environment: Environment,
  done: (exitCode: number) => void,
): void {
  program
    .command('up')
    .description('Serve contracts, over every protocol, on one port.')
    .argument('[target...]', 'TypeScript applications, a polywire.yaml, or folders that hold them')
    .option('-p, --port <port>', 'TCP port; 0 for any free one (default: 7070)', portNumber)
    .option('--host <address>', 'address to bind (default: 127.0.0.1)')
    .option('--unix <path>', 'open a Unix socket as well')
    .option('--data <folder>', 'folder for state (default: .polywire)')
    .option('-c, --config <file>', 'configuration (default: polywire.yaml, where there is one)')
    .option('-w, --watch', 'start anew when a file of an application or the configuration changes')
    .option('--insecure', 'bind wider than loopback although no authentication is configured')
    .addOption(
      new Option('--log-level <level>', 'the least that is logged').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .addHelpText(
      'after',
      `
A folder is its polywire.yaml or, without one, every .ts or .js file directly in it (tests left
out) whose default export is an application. Every option of the configuration can also be set by
an environment variable: POLYWIRE_LISTEN_PORT=8080. Command line over environment over file.

Signals: SIGTERM and SIGINT stop gracefully (running calls finish, at most drain.deadlineMs); a
second one stops at once.

Examples:
  polywire up orders.ts
  polywire up examples/parcels --watch
  polywire up --config production.yaml --port 8080 --json`,
    )
    .action(async (targets: string[], options: UpOptions) => {
      if (options.watch === true) {
        const { watch } = await import('./supervisor.ts');
        done(await watch(targets, options, environment));
      } else {
        const { up } = await import('./up.ts');
        done(await up(targets, options, environment));
      }
    });
}

export function flagsOf(options: UpOptions): Flag[] {
  return Object.entries(FLAG_PATHS).flatMap(([name, path]) => {
    const value = options[name as keyof typeof FLAG_PATHS];
    const spelled = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return value === undefined ? [] : [{ path, value, where: `option --${spelled}` }];
  });
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('expected a port from 0 to 65535.');
  return port;
}
