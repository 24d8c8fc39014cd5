import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Fault } from '../../model/fault.ts';
import { MalformedEnvelope, messageTooLarge } from './envelope.ts';

/** Compression of single messages: gzip, or none ("identity"). The work is done in zlib's threads. */
export const ACCEPTED_CODINGS = 'identity,gzip';

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** Whether the messages of a request may be compressed.
 * @throws Fault UNIMPLEMENTED for a coding that is not known, as the protocols say */
export function isGzip(coding: string | undefined): boolean {
  if (coding === undefined || coding === 'identity' || coding === '') return false;
  if (coding === 'gzip') return true;
  throw new Fault(
    'UNIMPLEMENTED',
    `Messages come compressed with ${JSON.stringify(coding.slice(0, 32))}; only gzip and identity are understood here.`,
  );
}

const GZIP = /(?:^|[,\s])gzip(?:\s*;\s*q\s*=\s*(?!0(?:\.0*)?\s*(?:,|$))[0-9.]+)?\s*(?:,|$)/;

export function acceptsGzip(accepted: string | undefined): boolean {
  return accepted !== undefined && GZIP.test(accepted);
}

export function compress(bytes: Uint8Array): Promise<Buffer> {
  return zip(bytes);
}

/** Never makes more than `maxBytes`.
 * @throws Fault RESOURCE_EXHAUSTED past the limit, MalformedEnvelope for what is no gzip */
export async function decompress(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  if (bytes.length === 0) return bytes;
  try {
    return await unzip(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw messageTooLarge(maxBytes);
    }
    throw new MalformedEnvelope('a compressed message is no gzip');
  }
}
