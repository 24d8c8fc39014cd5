import type { Call } from '../model/call.ts';
import { Fault } from '../model/fault.ts';
import type { ServedEndpoint } from './served-endpoint.ts';

/** A broken promise of a handler: the caller learns only that; the log gets the cause. */
function broken(what: string, cause: unknown): Fault {
  return new Fault('INTERNAL', what, { cause });
}

/**
 * What a caller is told about anything that was thrown while its call ran. A declared error
 * passes when the operation declares it and its data fits the contract; a fault of the hub
 * passes; all else is INTERNAL, with the reason as `cause` for the log.
 */
export function faultOf(thrown: unknown, endpoint: ServedEndpoint, call: Call): Fault {
  if (!(thrown instanceof Fault)) {
    // A handler that was told to give up often throws its library's own abort error.
    if (call.aborted !== undefined) return call.aborted;
    return broken(`${endpoint.name} failed; the log of the hub has the reason.`, thrown);
  }
  if (thrown.error === undefined || thrown === call.aborted) return thrown;
  const known = endpoint.errors.get(thrown.error);
  if (known === undefined) {
    return broken(
      `${endpoint.name} failed with an error that it does not declare; the log of the hub has the reason.`,
      thrown,
    );
  }
  const { data } = known;
  if (data === undefined ? thrown.data !== undefined : !data.check(thrown.data)) {
    return broken(
      `${endpoint.name} failed with data that its declared error does not allow; the log of the hub has the reason.`,
      new Error(
        `data of the error ${thrown.error} does not fit the contract: ${data === undefined ? 'the error declares none' : describe(data.violations(thrown.data))}`,
        { cause: thrown },
      ),
    );
  }
  if (thrown.code === known.declared.code) return thrown;
  return new Fault(known.declared.code, thrown.message, {
    error: thrown.error,
    data: thrown.data,
    retryAfterMs: thrown.retryAfterMs,
    cause: thrown.cause,
  });
}

/** Paths and expectations only: what came may be a secret, and logs keep none. */
function describe(violations: readonly { path: string; expected: string }[]): string {
  return violations
    .map(({ path, expected }) => `${path === '' ? 'the whole' : path}: expected ${expected}`)
    .join('; ');
}

/** The answer, or an item of it, is not what the contract promises. */
export function badOutput(
  endpoint: ServedEndpoint,
  value: unknown,
  index: number | undefined,
): Fault {
  const where = index === undefined ? 'an answer' : `an item (number ${index})`;
  return broken(
    `${endpoint.name} gave ${where} that does not fit its contract; the log of the hub has the reason.`,
    new Error(
      `output of ${endpoint.name} does not fit the contract: ${describe(endpoint.output?.violations(value) ?? [])}`,
    ),
  );
}
