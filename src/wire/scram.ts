import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '../model/fault.ts';
import type { Principal, ScramHash, ScramVerifier } from '../model/principal.ts';

const NONCE_BYTES = 24;
const MAX_MESSAGE_LENGTH = 4_096;

/**
 * The server's side of one SCRAM exchange (RFC 5802, without channel binding):
 *
 *     client-first  => ("n" / "y") "," [authzid] "," "n=" user ",r=" nonce
 *     server-first  => "r=" nonce ",s=" salt ",i=" iterations
 *     client-final  => "c=" base64(gs2 header) ",r=" nonce ",p=" proof
 *     server-final  => "v=" signature
 */
export class ScramServer {
  readonly #hash: ScramHash;
  readonly #verifierOf: (user: string, hash: ScramHash) => Promise<ScramVerifier>;
  readonly #nonce = randomBytes(NONCE_BYTES).toString('base64');
  #clientFirst: ClientFirst | undefined;
  #serverFirst = '';
  #verifier: ScramVerifier | undefined;

  constructor(
    hashName: ScramHash,
    verifierOf: (user: string, hash: ScramHash) => Promise<ScramVerifier>,
  ) {
    this.#hash = hashName;
    this.#verifierOf = verifierOf;
  }

  /** What is answered to client-first. @throws Fault UNAUTHENTICATED */
  async first(message: Buffer): Promise<Buffer> {
    const first = parseFirst(textOf(message));
    const verifier = await this.#verifierOf(first.user, this.#hash);
    this.#clientFirst = first;
    this.#verifier = verifier;
    const { salt, iterations } = verifier;
    this.#serverFirst = `r=${first.nonce}${this.#nonce},s=${salt.toString('base64')},i=${iterations}`;
    return Buffer.from(this.#serverFirst);
  }

  /** Who it is, and what is answered to client-final. @throws Fault UNAUTHENTICATED */
  final(message: Buffer): { readonly bytes: Buffer; readonly principal: Principal } {
    const first = this.#clientFirst;
    const verifier = this.#verifier;
    if (first === undefined || verifier === undefined) throw malformed();
    const text = textOf(message);
    const [, binding, nonce, , proof] =
      /^c=([^,]*),r=([^,]*)(,[a-zA-Z]=[^,]*)*,p=([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
    if (binding !== Buffer.from(first.header).toString('base64')) throw malformed();
    // librdkafka before 2.2 repeats its own nonce before the whole one. The whole one, with our part,
    // has to be there all the same.
    if (!nonce!.endsWith(`${first.nonce}${this.#nonce}`)) throw malformed();
    const withoutProof = text.slice(0, text.lastIndexOf(',p='));
    const signed = `${first.bare},${this.#serverFirst},${withoutProof}`;
    const { storedKey, serverKey, principal } = verifier;
    const signature = createHmac(this.#hash, storedKey).update(signed).digest();
    const clientKey = Buffer.from(proof!, 'base64');
    if (clientKey.length !== signature.length) throw malformed();
    for (let index = 0; index < signature.length; index++) clientKey[index]! ^= signature[index]!;
    const good = timingSafeEqual(hash(this.#hash, clientKey, 'buffer'), storedKey);
    if (!good || principal === undefined) {
      throw new Fault('UNAUTHENTICATED', 'The user or password is not known here.');
    }
    const answer = createHmac(this.#hash, serverKey).update(signed).digest('base64');
    return { bytes: Buffer.from(`v=${answer}`), principal };
  }
}

interface ClientFirst {
  /** `n,,` */
  readonly header: string;
  /** What follows it. */
  readonly bare: string;
  readonly user: string;
  readonly nonce: string;
}

function parseFirst(text: string): ClientFirst {
  const [, header, authorization, bare, name, nonce] =
    /^([ny],(?:a=([^,]*))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(text) ?? [];
  if (header === undefined || bare === undefined || name === undefined || nonce === undefined) {
    throw malformed();
  }
  const user = decodeName(name);
  if (authorization !== undefined && decodeName(authorization) !== user) {
    throw new Fault('UNAUTHENTICATED', 'Nobody may act as another user.');
  }
  return { header, bare, user, nonce };
}

function decodeName(name: string): string {
  if (/=(?!2C|3D)/.test(name)) throw malformed();
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

function textOf(message: Buffer): string {
  if (message.length > MAX_MESSAGE_LENGTH) throw malformed();
  return message.toString('utf8');
}

function malformed(): Fault {
  return new Fault(
    'UNAUTHENTICATED',
    'That is no SCRAM message without channel binding (RFC 5802).',
  );
}
