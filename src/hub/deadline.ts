import type { Call } from '../model/call.ts';
import { Fault } from '../model/fault.ts';

/**
 * Deadlines of pending calls. Nearly all calls end long before theirs, and a timer for each costs
 * more than all else that the hub does for a call: deadlines that are far away wait together, and
 * get timers of their own only when they come near.
 */
const NEAR_MS = 1000;
const SHARE_MS = 512;

/** Calls whose deadlines lie in the same half second. */
class Bucket {
  readonly calls = new Set<Call>();
  readonly #number: number;
  readonly #timer: NodeJS.Timeout;

  constructor(number: number) {
    this.#number = number;
    this.#timer = setTimeout(() => this.#near(), Math.max(1, number * SHARE_MS - Date.now()));
    this.#timer.unref();
  }

  add(call: Call): void {
    this.calls.add(call);
    // Empty buckets must not keep the process.
    if (this.calls.size === 1) this.#timer.ref();
  }

  delete(call: Call): void {
    if (this.calls.delete(call) && this.calls.size === 0) this.#timer.unref();
  }

  #near(): void {
    buckets.delete(this.#number);
    for (const call of this.calls) nearby.set(call, timerFor(call));
    this.calls.clear();
  }
}

const buckets = new Map<number, Bucket>();
/** Timers of calls that came out of a bucket. */
const nearby = new WeakMap<Call, NodeJS.Timeout>();

/** What stops the waiting for a deadline; undefined for a call without one. */
export type DeadlineWatch = NodeJS.Timeout | Bucket | undefined;

/** Aborts the call at its deadline. */
export function watchDeadline(call: Call): DeadlineWatch {
  const { deadlineMs } = call;
  if (deadlineMs === Number.POSITIVE_INFINITY) return undefined;
  if (deadlineMs - Date.now() < NEAR_MS) return timerFor(call);
  const number = Math.floor(deadlineMs / SHARE_MS);
  let bucket = buckets.get(number);
  if (bucket === undefined) {
    bucket = new Bucket(number);
    buckets.set(number, bucket);
  }
  bucket.add(call);
  return bucket;
}

export function unwatchDeadline(watch: DeadlineWatch, call: Call): void {
  if (watch === undefined) return;
  if (!(watch instanceof Bucket)) {
    clearTimeout(watch);
    return;
  }
  if (watch.calls.size > 0) watch.delete(call);
  else clearTimeout(nearby.get(call));
}

function timerFor(call: Call): NodeJS.Timeout {
  return setTimeout(expire, Math.max(1, call.deadlineMs - Date.now()), call);
}

function expire(call: Call): void {
  call.abort(new Fault('DEADLINE_EXCEEDED', 'The deadline of the call has passed.'));
}
