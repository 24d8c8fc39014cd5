import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * Password hashes as text, in the PHC form `$scrypt$ln=15,r=8,p=1$<salt>$<hash>` (RFC 7914 for
 * scrypt; base64 without padding).
 */
export interface PasswordHash {
  /** Whether this is the password; takes tens of milliseconds, on another thread. */
  verify(password: string): Promise<boolean>;
}

const LOG2_COST = 15;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const HASH_BYTES = 32;

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** @throws TypeError for text that is no such hash, or one that would take too much to check. */
export function parsePasswordHash(text: string): PasswordHash {
  const match = FORM.exec(text);
  const [log2Cost, blockSize, parallelization] = (match ?? []).slice(1, 4).map(Number);
  const hash = Buffer.from(match?.[5] ?? '', 'base64');
  if (
    log2Cost === undefined ||
    blockSize === undefined ||
    parallelization === undefined ||
    log2Cost < 10 ||
    log2Cost > 20 ||
    blockSize < 1 ||
    blockSize > 32 ||
    parallelization < 1 ||
    parallelization > 16 ||
    hash.length < 16 ||
    hash.length > 128
  ) {
    throw new TypeError(
      'a password hash looks like $scrypt$ln=15,r=8,p=1$<salt>$<hash>, with ln from 10 to 20',
    );
  }
  const salt = Buffer.from(match![4]!, 'base64');
  return {
    verify: async (password) =>
      timingSafeEqual(
        await derive(password, salt, hash.length, log2Cost, blockSize, parallelization),
        hash,
      ),
  };
}

/** A new hash of a password, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, HASH_BYTES, LOG2_COST, BLOCK_SIZE, PARALLELIZATION);
  const text = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=${LOG2_COST},r=${BLOCK_SIZE},p=${PARALLELIZATION}$${text(salt)}$${text(hash)}`;
}

function derive(
  password: string,
  salt: Buffer,
  bytes: number,
  log2Cost: number,
  blockSize: number,
  parallelization: number,
): Promise<Buffer> {
  const cost = 2 ** log2Cost;
  const options = {
    cost,
    blockSize,
    parallelization,
    maxmem: 256 * cost * blockSize,
  };
  return new Promise((resolve, reject) => {
    // The same letters may come composed or decomposed.
    scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
