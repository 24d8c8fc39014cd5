import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT } from './exit-codes.ts';
import { FileWatch } from './file-watch.ts';
import type { Environment } from './program.ts';
import { SocketHolder } from './socket-holder.ts';
import { type FromSupervisor, SUPERVISED, type ToSupervisor } from './supervision.ts';
import type { UpOptions } from './up-command.ts';

/** How long calls of the old process may run on when files changed. Clients that come meanwhile
 * wait in the socket's queue. */
const RELOAD_DRAIN_MS = 2_000;
const SETTLE_MS = 100;

/**
 * `up --watch`. This process serves nothing: it keeps the listening socket and runs a process that
 * serves. When a file changes, a new process loads everything; only when that went well does the
 * old one drain, and the new one starts on the same socket. So a mistake in a contract leaves the
 * old one running, no module is ever half reloaded, two processes never open the same data folder,
 * and no client is refused.
 */
export async function watch(
  targets: readonly string[],
  options: UpOptions,
  environment: Environment,
): Promise<number> {
  return await new Supervisor(targets, options, environment).run();
}

interface Serving {
  readonly process: ChildProcess;
  readonly exited: Promise<number>;
}

class Supervisor {
  readonly #arguments: readonly string[];
  readonly #environment: Environment;
  readonly #socket = new SocketHolder();
  readonly #files = new FileWatch(SETTLE_MS, () => this.#reload());
  readonly #stopped = Promise.withResolvers<number>();
  #current: Serving | undefined;
  #candidate: Serving | undefined;
  #orders = 0;

  constructor(targets: readonly string[], options: UpOptions, environment: Environment) {
    this.#arguments = ['up', ...targets, ...argumentsOf(options, environment)];
    this.#environment = environment;
  }

  async run(): Promise<number> {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => this.#stop(signal));
    }
    this.#reload();
    const exitCode = await this.#stopped.promise;
    this.#files.close();
    this.#socket.close();
    return exitCode;
  }

  /** Starts a candidate; one that is still loading has old files in its hands and is ended. */
  #reload(): void {
    if (this.#orders > 0) return;
    this.#candidate?.process.kill('SIGKILL');
    const child = fork(fileURLToPath(new URL(import.meta.resolve('./main.ts'))), this.#arguments, {
      cwd: this.#environment.directory,
      env: { ...process.env, [SUPERVISED]: '1' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const exited = new Promise<number>((resolve) => {
      child.on('exit', (code) => resolve(code ?? EXIT.failed.code));
    });
    const candidate: Serving = { process: child, exited };
    this.#candidate = candidate;
    child.on('message', (message: ToSupervisor) => {
      void this.#hear(candidate, message).catch((error) => this.#say(String(error)));
    });
    void exited.then((code) => this.#ended(candidate, code));
  }

  async #hear(from: Serving, message: ToSupervisor): Promise<void> {
    if (message.kind === 'files') this.#files.add(message.files);
    else if (message.kind === 'serving') {
      this.#current = from;
      if (this.#candidate === from) this.#candidate = undefined;
      // A file may have changed while it was loading.
      this.#files.check();
    } else await this.#start(from, message);
  }

  async #start(candidate: Serving, listen: { host: string; port: number }): Promise<void> {
    const old = this.#current;
    if (old !== undefined) {
      tell(old, { kind: 'stop', reason: 'reload', deadlineMs: RELOAD_DRAIN_MS });
      await old.exited;
    }
    if (candidate !== this.#candidate || this.#orders > 0) return;
    const handle = this.#socket.take(listen.host, listen.port);
    candidate.process.send(
      { kind: 'start', reload: old !== undefined } satisfies FromSupervisor,
      handle,
    );
  }

  #ended(child: Serving, code: number): void {
    const wasCandidate = this.#candidate === child;
    const wasCurrent = this.#current === child;
    if (wasCandidate) this.#candidate = undefined;
    if (wasCurrent) this.#current = undefined;
    if (this.#orders > 0) {
      if (this.#current === undefined && this.#candidate === undefined) this.#stopped.resolve(code);
      return;
    }
    if (wasCandidate) {
      if (code === EXIT.usage.code || code === EXIT.listen.code || this.#files.size === 0) {
        this.#stopped.resolve(code);
      } else {
        this.#say(
          this.#current === undefined
            ? 'waiting for a change to the files'
            : 'the version before keeps running; waiting for a change to the files',
        );
      }
    } else if (wasCurrent && this.#candidate === undefined) {
      this.#say(`the process ended with exit code ${code}; waiting for a change to the files`);
    }
  }

  #stop(reason: string): void {
    this.#orders++;
    const running = [this.#current, this.#candidate].filter((child) => child !== undefined);
    if (running.length === 0) this.#stopped.resolve(EXIT.ok.code);
    for (const child of running) {
      // What has not begun to serve has nothing to drain.
      if (child === this.#current) tell(child, { kind: 'stop', reason });
      else child.process.kill('SIGKILL');
    }
  }

  #say(message: string): void {
    this.#environment.output.error(`polywire: ${message}\n`);
  }
}

function tell(child: Serving, message: FromSupervisor): void {
  // A process that ends at this moment hears nothing, and needs to hear nothing.
  if (child.process.connected) child.process.send(message);
}

/** The same command line for the process that serves, without `--watch`. */
function argumentsOf(options: UpOptions, environment: Environment): string[] {
  const { watch: _watch, ...rest } = options;
  const words = Object.entries(rest).flatMap(([name, value]) => {
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (name === 'color') return value === false ? ['--no-color'] : [];
    return value === true ? [option] : [option, String(value)];
  });
  if (environment.output.json && !words.includes('--json')) words.push('--json');
  return words;
}
