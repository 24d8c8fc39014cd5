import { serveHub } from '../config/assemble.ts';
import { createLogger } from '../config/logger.ts';
import { StreamConnection } from '../net/stream-connection.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import type { Environment } from './program.ts';
import type { StdioOptions } from './stdio-command.ts';
import { Stopper } from './stopper.ts';
import { outliveForgottenPromises, prepare } from './up.ts';

/** The one protocol whose raw connections make sense between a program and its child. */
const PROTOCOL = 'jsonrpc';

/** Serves one connection, stdin and stdout, until it ends. @returns the exit code */
export async function stdio(
  targets: readonly string[],
  options: StdioOptions,
  environment: Environment,
): Promise<number> {
  const { config, applications } = await prepare(targets, options, environment);
  const logger = createLogger({ level: config.log.level, format: 'json', color: false });
  outliveForgottenPromises(logger);
  const served = await serveHub({ config, applications, logger, yieldsData: true });
  const server = served.servers.find(({ protocol }) => protocol.name === PROTOCOL)?.server;
  if (server?.accept === undefined) {
    await served.stop();
    throw new CommandError(
      EXIT.config.code,
      `protocols.${PROTOCOL}.enabled is false, and it is what stdio speaks`,
    );
  }
  const connection = new StreamConnection(process.stdin, process.stdout, {
    peer: { address: 'stdio', port: undefined, transport: 'stdio', secure: false },
    logger,
  });
  const closed = new Promise<void>((resolve) => {
    connection.onClosed = resolve;
  });
  connection.become(server.accept(connection));
  const stopper = new Stopper(undefined);
  void stopper.requested.then(() => connection.receiver.drain());
  await Promise.race([closed, stopper.forced]);
  await served.stop();
  return EXIT.ok.code;
}
