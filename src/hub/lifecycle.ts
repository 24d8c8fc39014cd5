import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplicationServices } from '../model/application.ts';
import { Fault } from '../model/fault.ts';
import { isPromise } from '../model/maybe-promise.ts';
import type { CallRunner } from './call-runner.ts';
import type { Exchange } from './exchange.ts';
import type { Hub } from './hub.ts';
import type { Logger } from './logger.ts';
import type { Registry } from './registry.ts';
import type { ServedApplication } from './served-endpoint.ts';
import type { HubStreams } from './streams/hub-streams.ts';

/** What a drain did to whom. */
export interface DrainReport {
  readonly durationMs: number;
  /** Calls that ran when the drain began and came to their end. */
  readonly finished: number;
  /** Calls that were cut at the deadline, by operation. */
  readonly aborted: { readonly [operation: string]: number };
  readonly subscriptionsClosed: number;
}

interface Parts {
  readonly registry: Registry;
  readonly runner: CallRunner;
  readonly exchange: Exchange;
  readonly streams: HubStreams | undefined;
  readonly logger: Logger;
  readonly dataDirectory: string | undefined;
  readonly services: Omit<ApplicationServices, 'dataDirectory'>;
}

const RETRY_AFTER_MS = 1000;
/** How long one application may take to stop; it must not keep the process for ever. */
const APPLICATION_MS = 10_000;

/** How long what was accepted may take to be committed; a disk that hangs must not keep the process
 * for ever. */
const COMMIT_MS = 5000;

/** From starting to ready to draining to stopped; never back. */
export class Lifecycle {
  state: Hub['state'] = 'starting';
  readonly #parts: Parts;
  #temporary: string | undefined;
  #starting: Promise<void> | undefined;
  #draining: Promise<DrainReport> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  drain(deadlineMs: number): Promise<DrainReport> {
    if (this.#draining === undefined) this.#draining = this.#drain(deadlineMs, this.#starting);
    // Asked again: the nearer deadline counts, and there is no nearer one than now.
    else if (deadlineMs <= 0) this.#cut();
    return this.#draining;
  }

  /** An application that comes to a running hub starts by itself. */
  added(served: ServedApplication): void {
    if (this.state !== 'ready') return;
    this.#startLate(served).catch((thrown: unknown) => {
      this.#parts.logger.error(
        { err: thrown, application: served.application.contract.name },
        'an application did not start',
      );
    });
  }

  async #start(): Promise<void> {
    const { registry, runner, streams } = this.#parts;
    try {
      // What applications emit at their start has its place already.
      if (streams !== undefined) await streams.declare();
      for (const served of registry.applications) {
        if (this.state !== 'starting') return;
        await this.#startOne(served);
      }
    } catch (thrown) {
      // One that was asked for meanwhile waits for this.
      if (this.#draining === undefined) {
        this.#draining = this.#drain(0, undefined);
        await this.#draining;
      }
      throw thrown;
    }
    if (this.state !== 'starting') return;
    this.state = 'ready';
    runner.closed = undefined;
  }

  async #startLate(served: ServedApplication): Promise<void> {
    const { streams } = this.#parts;
    if (streams !== undefined) await streams.declare();
    await this.#startOne(served);
  }

  async #startOne(served: ServedApplication): Promise<void> {
    const { application } = served;
    served.state = 'starting';
    try {
      if (application.start !== undefined) {
        const started = application.start({
          ...this.#parts.services,
          dataDirectory: this.#directory(application.contract.name),
        });
        if (isPromise(started)) await started;
      }
    } catch (thrown) {
      served.state = 'failed';
      throw thrown;
    }
    served.state = 'ready';
  }

  async #drain(deadlineMs: number, starting: Promise<void> | undefined): Promise<DrainReport> {
    const { runner, exchange } = this.#parts;
    const beganMs = performance.now();
    this.state = 'draining';
    const closed = new Fault('UNAVAILABLE', 'The hub is stopping; call it again, or another.', {
      retryAfterMs: RETRY_AFTER_MS,
    });
    runner.closed = closed;
    exchange.closed = closed;
    const running = runner.ongoing.size;
    await this.#idle(deadlineMs);
    const aborted = this.#cut();
    const cut = Object.values(aborted).reduce((sum, count) => sum + count, 0);
    // What was accepted and waits for the disk is still seen by who is there.
    await settledWithin(COMMIT_MS, exchange.committed());
    const subscriptionsClosed = exchange.endSubscriptions();
    // What is still starting is to be stopped as well, once it has started.
    if (starting !== undefined) {
      await settledWithin(
        APPLICATION_MS,
        starting.catch(() => undefined),
      );
    }
    await this.#stopApplications();
    await settledWithin(COMMIT_MS, exchange.committed());
    this.#parts.streams?.close();
    this.state = 'stopped';
    return {
      durationMs: performance.now() - beganMs,
      finished: Math.max(0, running - cut),
      aborted,
      subscriptionsClosed,
    };
  }

  /** Until no call runs, or the deadline. */
  #idle(deadlineMs: number): Promise<void> {
    const { runner } = this.#parts;
    if (runner.ongoing.size === 0 || deadlineMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        runner.onIdle = undefined;
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, deadlineMs);
      runner.onIdle = done;
    });
  }

  /** Aborts what still runs. */
  #cut(): Record<string, number> {
    const aborted: Record<string, number> = {};
    const fault = new Fault('UNAVAILABLE', 'The hub stopped before the call was done.', {
      retryAfterMs: RETRY_AFTER_MS,
    });
    for (const [call, endpoint] of [...this.#parts.runner.ongoing]) {
      aborted[endpoint.name] = (aborted[endpoint.name] ?? 0) + 1;
      call.abort(fault);
    }
    return aborted;
  }

  async #stopApplications(): Promise<void> {
    for (const served of this.#parts.registry.applications.toReversed()) {
      const wasReady = served.state === 'ready';
      served.state = 'stopped';
      if (!wasReady) continue;
      try {
        const stopped = served.application.stop?.();
        if (isPromise(stopped) && !(await settledWithin(APPLICATION_MS, stopped))) {
          throw new Error(`it took more than ${APPLICATION_MS} ms`);
        }
      } catch (thrown) {
        this.#parts.logger.error(
          { err: thrown, application: served.application.contract.name },
          'an application did not stop cleanly',
        );
      }
    }
    if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
    this.#temporary = undefined;
  }

  #directory(application: string): string {
    let root = this.#parts.dataDirectory;
    if (root === undefined) {
      this.#temporary ??= mkdtempSync(join(tmpdir(), 'polywire-'));
      root = this.#temporary;
    }
    const directory = join(root, 'applications', application);
    mkdirSync(directory, { recursive: true });
    return directory;
  }
}

/** Waits for a promise, but not longer; false when the time was over first.
 * @throws what the promise rejects with */
async function settledWithin(timeoutMs: number, promise: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
