import type { Origin } from '../../../hub/hub.ts';
import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import { ANONYMOUS, NO_CREDENTIALS } from '../../../model/principal.ts';
import type { Broker } from '../context.ts';
import type { AnyHandler } from '../dispatch.ts';

/** What the server says next in a SASL exchange. */
export interface LoginStep {
  readonly bytes: Buffer;
  /** Why it failed, as the client is told. */
  readonly error?: string;
}

/** Who a connection's requests come from. */
export class Login {
  origin: Origin;
  #open: boolean;
  /** Whether what comes next is a SASL token without Kafka's headers. */
  rawToken = false;

  constructor(broker: Broker) {
    const { hub, meter } = broker;
    this.origin = { principal: ANONYMOUS, meter };
    this.#open = !hub.anonymousDenied;
    if (!this.#open) return;
    const principal = hub.authenticate(NO_CREDENTIALS);
    if (isPromise(principal)) throw new TypeError('Nobody can be known at once.');
    this.origin = { principal, meter };
  }

  /** Without credentials, and where they are asked for, only what leads to a login. */
  mayAsk(api: AnyHandler): boolean {
    return this.#open || api.anonymous === true;
  }

  token(_bytes: Buffer): MaybePromise<LoginStep> {
    return { bytes: Buffer.alloc(0), error: 'No SASL exchange was begun.' };
  }
}
