import { hash, randomBytes } from 'node:crypto';
import { MIN_PASSWORD_LENGTH, MIN_TOKEN_LENGTH } from '../middleware/authenticate.ts';
import { hashPassword } from '../middleware/password-hash.ts';
import { makeScramKeys, SCRAM_HASHES, scramText } from '../middleware/scram.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import type { Output } from './output.ts';
import { readSecret } from './read-secret.ts';

const TOKEN_BYTES = 32;

/** @param withScram also what SCRAM checks a password by */
export async function hashPasswordCommand(output: Output, withScram: boolean): Promise<void> {
  const password = await readSecret('password', process.stdin, (text) => output.error(text));
  requireLength('password', password, MIN_PASSWORD_LENGTH);
  const scrypt = await hashPassword(password);
  const scram = withScram
    ? await Promise.all(
        SCRAM_HASHES.map(async (hash) => scramText(hash, await makeScramKeys(hash, password))),
      )
    : [];
  if (output.json) output.value(withScram ? { scrypt, scram } : { scrypt });
  else for (const line of [scrypt, ...scram]) output.line(line);
}

/** @param make a new token, in place of one that is typed in */
export async function hashTokenCommand(output: Output, make: boolean): Promise<void> {
  const token = make
    ? randomBytes(TOKEN_BYTES).toString('base64url')
    : await readSecret('token', process.stdin, (text) => output.error(text));
  requireLength('token', token, MIN_TOKEN_LENGTH);
  const sha256 = hash('sha256', token);
  if (output.json) output.value(make ? { token, sha256 } : { sha256 });
  else {
    if (make) output.line(token);
    output.line(sha256);
  }
}

function requireLength(what: string, secret: string, minLength: number): void {
  if (secret.length >= minLength) return;
  throw new CommandError(
    EXIT.usage.code,
    `The ${what} has ${secret.length} characters; the hub takes at least ${minLength}.`,
  );
}
