import type { Origin } from '../../../hub/hub.ts';
import { Fault } from '../../../model/fault.ts';
import { isPromise } from '../../../model/maybe-promise.ts';
import { ANONYMOUS, NO_CREDENTIALS } from '../../../model/principal.ts';
import type { Broker } from '../context.ts';
import type { AnyHandler } from '../dispatch.ts';
import { mechanismsOf, type SaslExchange } from './mechanisms.ts';

/** What the server says next in a SASL exchange. */
export interface LoginStep {
  readonly bytes: Buffer;
  /** Why it failed, as the client is told; the connection ends after it. */
  readonly error?: string;
}

const NOTHING = Buffer.alloc(0);

/** Who a connection's requests come from: nobody known, until SASL says so. */
export class Login {
  readonly #broker: Broker;
  origin: Origin;
  /** Whether all requests are taken: credentials were shown, or nobody asks for them. */
  open: boolean;
  #loggedIn = false;
  #mechanism: string | undefined;
  #exchange: SaslExchange | undefined;
  /** What comes next is a SASL token without Kafka's headers (after SaslHandshake version 0). */
  rawToken = false;
  failed = false;

  constructor(broker: Broker) {
    const { hub, meter } = broker;
    this.#broker = broker;
    this.origin = { principal: ANONYMOUS, meter };
    const principal = hub.authenticate(NO_CREDENTIALS);
    if (!isPromise(principal)) this.origin = { principal, meter };
    this.open = !hub.anonymousDenied;
  }

  /** Without credentials, and where they are asked for, only what leads to a login. */
  mayAsk(api: AnyHandler): boolean {
    return this.open || api.anonymous === true;
  }

  get mechanisms(): readonly string[] {
    return [...mechanismsOf(this.#broker.hub).keys()];
  }

  /** Begins an exchange; answers whether there is such a mechanism. A client that is known may do
   * so again, to show that its credentials are still good (KIP-368). */
  begin(mechanism: string, raw: boolean): boolean {
    const start = mechanismsOf(this.#broker.hub).get(mechanism);
    this.#exchange = start?.();
    this.#mechanism = mechanism;
    this.rawToken = raw && start !== undefined;
    return start !== undefined;
  }

  /** Undefined where no exchange was begun. */
  async token(token: Buffer): Promise<LoginStep | undefined> {
    const exchange = this.#exchange;
    if (exchange === undefined) return undefined;
    try {
      const { bytes, principal } = await exchange(token);
      if (principal === undefined) return { bytes };
      this.#exchange = undefined;
      this.rawToken = false;
      if (this.#loggedIn && principal.id !== this.origin.principal.id) {
        throw new Fault('UNAUTHENTICATED', 'A connection stays with the user it began with.');
      }
      this.#loggedIn = true;
      this.open = true;
      this.origin = { principal, meter: this.#broker.meter };
      return { bytes };
    } catch (thrown) {
      this.#exchange = undefined;
      this.failed = true;
      const { hub } = this.#broker;
      if (!(thrown instanceof Fault)) {
        hub.logger.error({ err: thrown, mechanism: this.#mechanism }, 'A SASL login failed');
      }
      return { bytes: NOTHING, error: Fault.from(thrown).message };
    }
  }
}
