import type { Supervision } from './supervision.ts';

export interface Stop {
  readonly reason: string;
  /** Replaces the configured deadline. */
  readonly deadlineMs?: number | undefined;
}

/**
 * Waits for the order to stop: SIGTERM or SIGINT, or the supervisor's word. In a supervised
 * process signals do nothing: a terminal sends Ctrl+C to both, and the supervisor passes it on.
 */
export class Stopper {
  readonly requested: Promise<Stop>;
  /** The second order: stop at once. */
  readonly forced: Promise<'forced'>;

  constructor(supervised: Supervision | undefined) {
    const requested = Promise.withResolvers<Stop>();
    const forced = Promise.withResolvers<'forced'>();
    this.requested = requested.promise;
    this.forced = forced.promise;
    let orders = 0;
    const order = (stop: Stop): void => {
      orders++;
      if (orders === 1) requested.resolve(stop);
      else forced.resolve('forced');
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (supervised === undefined) order({ reason: signal });
      });
    }
    supervised?.onStop(order);
  }
}
