import { createHash } from 'node:crypto';
import type { HeaderList } from '../../hub/header-list.ts';
import { Fault, type FaultCode } from '../../model/fault.ts';
import { HttpFault } from '../../wire/problem.ts';

/** What a command answered, as it goes out again. */
export interface Remembered {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string | undefined;
}

interface Entry {
  readonly fingerprint: string;
  readonly expiresMs: number;
  /** Undefined while the first request with this key is at work. */
  answer: Remembered | undefined;
  size: number;
}

export interface IdempotencyLimits {
  readonly ttlMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** After these the same request may be sent again and run again: it was refused before the
 * command ran, or the fault says that a retry may succeed. */
const FORGOTTEN = new Set<FaultCode>([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'UNAVAILABLE',
  'INVALID_ARGUMENT',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'UNIMPLEMENTED',
]);

export function isForgotten(fault: Fault): boolean {
  return FORGOTTEN.has(fault.code);
}

const OVERHEAD_BYTES = 200;
const LONGEST_KEY = 255;

/**
 * Answers to commands with an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), for one
 * process: held in memory, bounded by age, number and size, lost on a restart. The key belongs to
 * its principal and operation.
 */
export class IdempotencyStore {
  readonly #limits: IdempotencyLimits;
  readonly #nowMs: () => number;
  /** In order of arrival, which is the order of expiry too. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(limits: IdempotencyLimits, nowMs: () => number = Date.now) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * The remembered answer, or undefined: then the request is the first, and the caller must call
   * `settle` or `forgetUnsettled` with the same name.
   * @param name made by `nameOf`
   * @param request everything that makes two requests the same
   * @throws HttpFault 409 while the first is at work, 422 when the key came with another request.
   */
  begin(name: string, request: readonly (string | Uint8Array)[]): Remembered | undefined {
    const fingerprint = fingerprintOf(request);
    this.#expire();
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      this.#insert(name, fingerprint);
      return undefined;
    }
    if (entry.fingerprint !== fingerprint) {
      throw new HttpFault(
        422,
        'INVALID_ARGUMENT',
        'This Idempotency-Key came earlier with another request; use a new key for a new request.',
      );
    }
    if (entry.answer !== undefined) return entry.answer;
    throw new HttpFault(
      409,
      'ABORTED',
      'The first request with this Idempotency-Key is still at work; try again later.',
      [],
      { retryAfterMs: 1000 },
    );
  }

  settle(name: string, answer: Remembered): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.answer = answer;
    const more = (answer.body?.length ?? 0) * 2;
    entry.size += more;
    this.#bytes += more;
    this.#shrink();
  }

  forget(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= entry.size;
  }

  /** Forgets a request that ended without an answer to remember. */
  forgetUnsettled(name: string): void {
    if (this.#entries.get(name)?.answer === undefined) this.forget(name);
  }

  #insert(name: string, fingerprint: string): void {
    const size = OVERHEAD_BYTES + name.length * 2;
    this.#entries.set(name, {
      fingerprint,
      expiresMs: this.#nowMs() + this.#limits.ttlMs,
      answer: undefined,
      size,
    });
    this.#bytes += size;
    this.#shrink();
  }

  #expire(): void {
    const nowMs = this.#nowMs();
    for (const [name, entry] of this.#entries) {
      if (entry.expiresMs > nowMs) return;
      if (entry.answer !== undefined) this.forget(name);
    }
  }

  /** Forgets the oldest answers past the limits. Requests at work stay: the hub bounds them. */
  #shrink(): void {
    if (!this.#isOver()) return;
    for (const [name, entry] of this.#entries) {
      if (entry.answer === undefined) continue;
      this.forget(name);
      if (!this.#isOver()) return;
    }
  }

  #isOver(): boolean {
    return this.#entries.size > this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes;
  }
}

/** The name of a key in the store.
 * @throws Fault INVALID_ARGUMENT for an empty or very long key. */
export function nameOf(principal: string, operation: string, key: string): string {
  if (key === '' || key.length > LONGEST_KEY) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `Idempotency-Key has ${key.length} characters; expected 1 to ${LONGEST_KEY}.`,
    );
  }
  return `${operation}\n${key}\n${principal}`;
}

function fingerprintOf(request: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of request) {
    hash.update(`${part.length}:`);
    hash.update(part);
  }
  return hash.digest('base64');
}
