import type { LoadedConfig } from '../config/load.ts';
import { ConfigError } from '../config/mistake.ts';
import type { Logger } from '../hub/logger.ts';
import type { Application } from '../model/application.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { followModules } from './module-files.ts';
import type { Output } from './output.ts';
import type { Environment } from './program.ts';
import { settle } from './settle.ts';
import { Stopper } from './stopper.ts';
import { announce, supervision } from './supervision.ts';
import { flagsOf, type UpOptions } from './up-command.ts';

interface Prepared {
  readonly loaded: LoadedConfig;
  readonly applications: readonly Application[];
}

/** Serves until it is told to stop. @returns the exit code */
export async function up(
  targets: readonly string[],
  options: UpOptions,
  environment: Environment,
): Promise<number> {
  const { output } = environment;
  const supervised = supervision();
  const stopper = new Stopper(supervised);
  const { config, applications, warnings } = await prepare(targets, options, environment);
  for (const warning of warnings) output.error(`polywire: ${warning}\n`);

  const listenFd = await supervised?.mayStart(config.listen);
  const { createLogger } = await import('../config/logger.ts');
  const { assemble } = await import('../config/assemble.ts');
  const terminal = process.stderr.isTTY === true && !output.json;
  const logger = createLogger({
    level: config.log.level,
    format: config.log.format === 'auto' ? (terminal ? 'text' : 'json') : config.log.format,
    color: output.color,
  });
  outliveForgottenPromises(logger);
  const system = await assemble({ config, applications, logger, listenFd }).catch((error) =>
    explain(error, config.listen, output),
  );
  await announce(system, output, supervised);

  settle(system.hub.diagnostics);

  const stop = await stopper.requested;
  const drained = system.drain(stop.deadlineMs ?? config.drain.deadlineMs);
  const outcome = await Promise.race([drained, stopper.forced]);
  if (outcome === 'forced') return EXIT.interrupted.code;
  return outcome === 'cut' ? EXIT.cut.code : EXIT.ok.code;
}

/** A promise that an application forgot about must not end the calls of everybody else. */
export function outliveForgottenPromises(logger: Logger): void {
  process.on('unhandledRejection', (reason) => {
    logger.error({ err: reason }, 'a promise was rejected that nobody waited for');
  });
}

/** Configuration and applications, with every file that they consist of told to a supervisor. */
export async function prepare(
  targets: readonly string[],
  options: UpOptions,
  environment: Environment,
): Promise<Prepared & { config: LoadedConfig['config']; warnings: readonly string[] }> {
  const { findTargets } = await import('../config/targets.ts');
  const { loadConfig } = await import('../config/load.ts');
  const { loadApplications } = await import('../config/load-application.ts');
  const { directory, variables, output } = environment;
  const supervised = supervision();
  const follow = supervised === undefined ? undefined : followModules();
  const files: string[] = [];
  try {
    const found = await findTargets(targets, directory, options.config);
    if (found.configFile !== undefined) files.push(found.configFile);
    files.push(...found.applications, ...found.candidates);
    const loaded = await loadConfig({
      file: found.configFile,
      environment: variables,
      flags: flagsOf(options),
      directory,
    });
    const applications = await loadApplications(
      {
        applications: [...found.applications, ...loaded.config.applications],
        candidates: found.candidates,
      },
      directory,
    );
    return { loaded, applications, config: loaded.config, warnings: loaded.warnings };
  } catch (error) {
    if (error instanceof ConfigError) throw configFailure(error, output);
    throw error;
  } finally {
    supervised?.tellFiles([...files, ...(follow?.files() ?? [])]);
  }
}

export function configFailure(error: ConfigError, output: Output): CommandError {
  const lines = error.mistakes.map(
    ({ where, message }) => `${output.style('bold', where)}: ${message}`,
  );
  const [first] = lines;
  return new CommandError(
    EXIT.config.code,
    lines.length === 1 ? first! : `${lines.length} mistakes\n  ${lines.join('\n  ')}`,
    { mistakes: error.mistakes },
  );
}

/** Why it did not start, in words. */
async function explain(
  error: unknown,
  listen: { readonly host: string; readonly port: number },
  output: Output,
): Promise<never> {
  const { ListenError } = await import('../config/assemble.ts');
  if (error instanceof ConfigError) throw configFailure(error, output);
  const { StorageError } = await import('../config/storage.ts');
  if (error instanceof StorageError) throw new CommandError(EXIT.config.code, error.message);
  if (!(error instanceof ListenError)) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new CommandError(EXIT.config.code, `an application did not start: ${reason}`);
  }
  const address = `${listen.host}:${listen.port}`;
  switch (error.code) {
    case 'EADDRINUSE': {
      const { portHolder } = await import('./port-holder.ts');
      const holder = await portHolder(listen.port);
      throw new CommandError(
        EXIT.listen.code,
        `${address} is in use${holder === undefined ? '' : ` by ${holder}`}; stop it, or choose another port: --port 0 takes any free one`,
        { address, holder },
      );
    }
    case 'EACCES':
      throw new CommandError(
        EXIT.listen.code,
        `${address} may not be bound by this user; ports below 1024 often need privileges: choose another with --port`,
        { address },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      throw new CommandError(
        EXIT.listen.code,
        `${listen.host} is no address of this machine; choose another with --host`,
        { address },
      );
    default:
      throw new CommandError(EXIT.listen.code, error.message, { address });
  }
}
