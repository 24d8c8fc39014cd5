import { Console } from 'node:console';
import { serveHub } from '../config/assemble.ts';
import { createLogger } from '../config/logger.ts';
import { NO_CREDENTIALS } from '../model/principal.ts';
import { StreamConnection } from '../net/stream-connection.ts';
import { McpServer } from '../protocols/mcp/server.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import type { McpCommandOptions } from './mcp-command.ts';
import type { Environment } from './program.ts';
import { Stopper } from './stopper.ts';
import { prepare } from './up.ts';

/** Serves one MCP client on stdin and stdout, until either ends. @returns the exit code */
export async function serveMcp(
  targets: readonly string[],
  options: McpCommandOptions,
  environment: Environment,
): Promise<number> {
  // What an application prints must not stand between messages.
  globalThis.console = new Console(process.stderr);
  const { config, applications } = await prepare(targets, options, environment);
  const logger = createLogger({ level: config.log.level, format: 'json', color: false });
  const served = await serveHub({ config, applications, logger, yieldsData: true });
  const server = served.servers
    .map((entry) => entry.server)
    .find((one) => one instanceof McpServer);
  if (server === undefined) {
    await served.stop();
    throw new CommandError(EXIT.config.code, 'protocols.mcp.enabled is false');
  }
  const connection = new StreamConnection(process.stdin, process.stdout, {
    peer: { address: 'stdio', port: undefined, transport: 'stdio', secure: false },
    logger,
  });
  const closed = new Promise<void>((resolve) => {
    connection.onClosed = resolve;
  });
  const { token } = options;
  const credentials = token === undefined ? NO_CREDENTIALS : { kind: 'bearer' as const, token };
  connection.pause();
  connection.become(await server.serve(connection, credentials));
  connection.resume();
  const stopper = new Stopper(undefined);
  void stopper.requested.then(() => connection.receiver.drain());
  await Promise.race([closed, stopper.forced]);
  await served.stop();
  return EXIT.ok.code;
}
