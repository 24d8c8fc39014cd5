import { MalformedEnvelope } from './envelope.ts';

const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;

/** Decodes base64 that comes in pieces, each of which may have been padded by itself. */
export class Base64Stream {
  #rest = '';

  /** @throws MalformedEnvelope for what is no base64 */
  push(piece: Buffer): Buffer {
    const text = this.#rest + piece.toString('latin1');
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    return decodeBase64(text.slice(0, whole));
  }

  /** @throws MalformedEnvelope where it ended within a group */
  end(): void {
    if (this.#rest !== '') throw new MalformedEnvelope('its base64 is cut off');
  }
}

/** Whole groups of four letters; padding may stand at the end of any group. */
function decodeBase64(text: string): Buffer {
  const parts = text.split(/(?<==)(?!=)/);
  for (const part of parts) {
    if (!ALPHABET.test(part) || part.length % 4 !== 0) {
      throw new MalformedEnvelope('it is not base64');
    }
  }
  return parts.length === 1
    ? Buffer.from(text, 'base64')
    : Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
}
