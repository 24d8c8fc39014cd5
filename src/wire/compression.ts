import { promisify } from 'node:util';
import {
  brotliCompress,
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzip,
  gzip,
  inflate,
  constants as zlib,
} from 'node:zlib';
import type { Exchange } from '../hub/transport.ts';
import { Fault } from '../model/fault.ts';
import { isPromise, type MaybePromise } from '../model/maybe-promise.ts';
import { preferredEncoding } from './content-negotiation.ts';
import { HttpFault } from './problem.ts';

/**
 * Content codings of HTTP bodies (RFC 9110 section 8.4). The work is done in zlib's threads; small
 * bodies are left alone.
 */

/** What we send, most liked first. */
export const RESPONSE_CODINGS: readonly string[] = ['br', 'gzip'];

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);
const codecs: Readonly<Record<string, (bytes: Buffer, limit: object) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** The coding that a response to this request should have; undefined for none. */
export function responseCoding(acceptEncoding: string | undefined): string | undefined {
  return preferredEncoding(acceptEncoding, RESPONSE_CODINGS);
}

/** Level 4 of brotli compresses better than gzip in about the same time. */
export function compress(text: string, coding: string): Promise<Buffer> {
  const bytes = Buffer.from(text);
  if (coding !== 'br') return gzipped(bytes);
  return brotli(bytes, {
    params: {
      [zlib.BROTLI_PARAM_QUALITY]: 4,
      [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      [zlib.BROTLI_PARAM_MODE]: zlib.BROTLI_MODE_TEXT,
    },
  });
}

function unsupported(coding: string): HttpFault {
  return new HttpFault(
    415,
    'INVALID_ARGUMENT',
    `Content-Encoding ${JSON.stringify(coding.slice(0, 32))} is not understood; send gzip, br, deflate or none.`,
    ['accept-encoding', 'gzip, br, deflate'],
  );
}

/** The one coding of a Content-Encoding header; undefined where the body is as it is.
 * @throws HttpFault 415 for others and for several on top of each other. */
export function requestCoding(contentEncoding: string | undefined): string | undefined {
  if (contentEncoding === undefined) return undefined;
  const coding = contentEncoding.trim().toLowerCase();
  if (coding === '' || coding === 'identity') return undefined;
  if (!Object.hasOwn(codecs, coding)) throw unsupported(coding);
  return coding;
}

function broken(coding: string, error: unknown): Fault {
  return new Fault('INVALID_ARGUMENT', `The body is no valid ${coding} data.`, { cause: error });
}

/** The body behind a coding; never makes more than `maxBytes`.
 * @throws HttpFault 413 past the limit, Fault INVALID_ARGUMENT for broken data. */
export async function decompress(bytes: Buffer, coding: string, maxBytes: number): Promise<Buffer> {
  const codec = codecs[coding];
  if (codec === undefined) throw unsupported(coding);
  try {
    // zlib refuses a limit of zero.
    return await codec(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_BUFFER_TOO_LARGE') throw broken(coding, error);
    throw new HttpFault(
      413,
      'RESOURCE_EXHAUSTED',
      `The body is larger than ${maxBytes} bytes when it is unpacked.`,
    );
  }
}

/**
 * The whole body of a request, unpacked. At once when it has come with the head and is not packed:
 * then it is a view, valid only during this turn.
 * @throws (or rejects with) HttpFault 415 and 413, Fault INVALID_ARGUMENT for broken data.
 */
export function requestBytes(exchange: Exchange, maxBytes: number): MaybePromise<Buffer> {
  const coding = requestCoding(exchange.headers.get('content-encoding'));
  const body = exchange.bytes(maxBytes);
  return coding === undefined ? body : unpacked(body, coding, maxBytes);
}

async function unpacked(
  arriving: MaybePromise<Buffer>,
  coding: string,
  maxBytes: number,
): Promise<Buffer> {
  // A view that is valid only now has to be kept while zlib works on it.
  const bytes = isPromise(arriving) ? await arriving : Buffer.from(arriving);
  return decompress(bytes, coding, maxBytes);
}

/** The body behind a coding, piece by piece, as fast as it is read: a bomb fills no memory.
 * @throws Fault INVALID_ARGUMENT for broken data. */
export async function* decompressStream(
  body: AsyncIterable<Buffer>,
  coding: string,
): AsyncGenerator<Buffer, void, undefined> {
  const stream =
    coding === 'br'
      ? createBrotliDecompress()
      : coding === 'deflate'
        ? createInflate()
        : createGunzip();
  let sourceFault: unknown;
  feed(body, stream).catch((error: unknown) => {
    sourceFault = error;
    stream.destroy();
  });
  try {
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    if (sourceFault === undefined) throw broken(coding, error);
  } finally {
    stream.destroy();
  }
  if (sourceFault !== undefined) throw sourceFault;
}

async function feed(
  body: AsyncIterable<Buffer>,
  stream: NodeJS.WritableStream & { readonly destroyed?: boolean },
): Promise<void> {
  for await (const piece of body) {
    if (stream.destroyed) return;
    if (!stream.write(piece)) await roomIn(stream);
  }
  if (!stream.destroyed) stream.end();
}

function roomIn(stream: NodeJS.WritableStream & { readonly destroyed?: boolean }): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) {
      resolve();
      return;
    }
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
