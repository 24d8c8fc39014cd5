import type { Hub } from '../../../hub/hub.ts';
import { Fault } from '../../../model/fault.ts';
import type { MaybePromise } from '../../../model/maybe-promise.ts';
import type { Principal } from '../../../model/principal.ts';
import { ScramServer } from '../../../wire/scram.ts';

/** What a token of the client led to: more to say, or who it is. */
export interface SaslStep {
  readonly bytes: Buffer;
  readonly principal?: Principal;
}

/** One exchange by one mechanism. @throws Fault UNAUTHENTICATED */
export type SaslExchange = (token: Buffer) => MaybePromise<SaslStep>;

const NOTHING = Buffer.alloc(0);

/** By their registered names; those that can succeed with this hub. */
export function mechanismsOf(hub: Hub): ReadonlyMap<string, () => SaslExchange> {
  const mechanisms = new Map<string, () => SaslExchange>([
    ['PLAIN', () => (token) => plain(hub, token)],
    ['OAUTHBEARER', () => (token) => bearer(hub, token)],
  ]);
  const { scramVerifier } = hub;
  if (scramVerifier !== undefined) {
    mechanisms.set('SCRAM-SHA-256', () => scram(new ScramServer('sha256', scramVerifier)));
    mechanisms.set('SCRAM-SHA-512', () => scram(new ScramServer('sha512', scramVerifier)));
  }
  return mechanisms;
}

/** RFC 4616: `[authzid] NUL user NUL password` */
async function plain(hub: Hub, token: Buffer): Promise<SaslStep> {
  const [authorization, user, password, ...more] = token.toString('utf8').split('\0');
  if (user === undefined || password === undefined || more.length > 0 || user === '') {
    throw new Fault('UNAUTHENTICATED', 'PLAIN asks for user and password (RFC 4616).');
  }
  if (authorization !== '' && authorization !== user) {
    throw new Fault('UNAUTHENTICATED', 'Nobody may act as another user.');
  }
  const principal = await hub.authenticate({ kind: 'password', user, password });
  return { bytes: NOTHING, principal };
}

/** RFC 7628: `n,[a=authzid], SOH auth=Bearer <token> SOH SOH` */
async function bearer(hub: Hub, token: Buffer): Promise<SaslStep> {
  const text = token.toString('latin1');
  const [, found] =
    /^[ny],[^\x01]*,\x01(?:[^\x01]*\x01)*?auth=Bearer +([^\x01 ]+)\x01/i.exec(text) ?? [];
  if (found === undefined) {
    throw new Fault('UNAUTHENTICATED', 'OAUTHBEARER asks for a bearer token (RFC 7628).');
  }
  const principal = await hub.authenticate({ kind: 'bearer', token: found });
  return { bytes: NOTHING, principal };
}

function scram(server: ScramServer): SaslExchange {
  let began = false;
  return async (token) => {
    if (began) return server.final(token);
    began = true;
    return { bytes: await server.first(token) };
  };
}
