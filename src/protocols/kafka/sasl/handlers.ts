import { type AnyHandler, handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { array, bytes, int16, int64, string } from '../wire/fields.ts';
import { message, NEVER } from '../wire/message.ts';

/**
 * SaslHandshake (17): the client names its mechanism. After version 1 the tokens come by
 * SaslAuthenticate, after version 0 as frames without headers.
 *
 *     request  => mechanism
 *     response => errorCode [mechanism]
 */
const saslHandshake = handler({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  request: message(NEVER, { mechanism: string }),
  response: message(NEVER, { errorCode: int16, mechanisms: array(string) }),
  anonymous: true,
  handle({ mechanism }, { client, version }) {
    const { login } = client;
    const known = login.begin(mechanism, version === 0);
    const errorCode = known ? ERROR.NONE : ERROR.UNSUPPORTED_SASL_MECHANISM;
    return { errorCode, mechanisms: login.mechanisms };
  },
});

/**
 * SaslAuthenticate (36): a token of the mechanism, and the answer to it.
 *
 *     request  => authBytes
 *     response => errorCode errorMessage authBytes sessionLifetimeMs(1)
 */
const saslAuthenticate = handler({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  request: message(2, { authBytes: bytes }),
  response: message(2, {
    errorCode: int16,
    errorMessage: string.nullable().or(null),
    authBytes: bytes,
    sessionLifetimeMs: int64.from(1),
  }),
  anonymous: true,
  async handle({ authBytes }, { client }) {
    const step = await client.login.token(authBytes);
    if (step === undefined) {
      const errorMessage = 'SaslHandshake comes before SaslAuthenticate.';
      return { errorCode: ERROR.ILLEGAL_SASL_STATE, errorMessage };
    }
    if (step.error === undefined) return { authBytes: step.bytes };
    return { errorCode: ERROR.SASL_AUTHENTICATION_FAILED, errorMessage: step.error };
  },
});

export const SASL_HANDLERS: readonly AnyHandler[] = [saslHandshake, saslAuthenticate];
