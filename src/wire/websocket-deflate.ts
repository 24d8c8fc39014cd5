import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { CLOSE_CODES, FrameError } from './websocket-frames.ts';

/**
 * permessage-deflate (RFC 7692) without context takeover in either direction: a connection holds
 * no compressor between messages, which would cost some hundred kilobytes each.
 */
export interface Deflate {
  /** What `Sec-WebSocket-Extensions` answers. */
  readonly response: string;
  readonly windowBits: number;
}

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** The first offer that can be met, from the request's `Sec-WebSocket-Extensions`. */
export function negotiateDeflate(extensions: string | undefined): Deflate | undefined {
  for (const offer of (extensions ?? '').split(',')) {
    const [name, ...parameters] = offer.split(';').map((part) => part.trim());
    if (name?.toLowerCase() !== 'permessage-deflate') continue;
    const deflate = acceptOffer(parameters);
    if (deflate !== undefined) return deflate;
  }
  return undefined;
}

function acceptOffer(parameters: readonly string[]): Deflate | undefined {
  let windowBits = 15;
  let response = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
  const seen = new Set<string>();
  for (const parameter of parameters) {
    const [name = '', value] = parameter.split('=').map((part) => part.trim().replaceAll('"', ''));
    if (seen.has(name)) return undefined;
    seen.add(name);
    if (name === 'server_no_context_takeover' || name === 'client_no_context_takeover') {
      if (value !== undefined) return undefined;
    } else if (name === 'client_max_window_bits') {
      if (value !== undefined && !isWindow(value)) return undefined;
    } else if (name === 'server_max_window_bits') {
      // zlib makes 9 of 8, which the client could not unpack.
      if (value === undefined || !isWindow(value) || value === '8') return undefined;
      windowBits = Number(value);
      response += `; server_max_window_bits=${value}`;
    } else return undefined;
  }
  return { response, windowBits };
}

function isWindow(value: string): boolean {
  return /^(?:[89]|1[0-5])$/.test(value);
}

/** @throws FrameError for data that cannot be unpacked, or unpacks to more than `maxBytes`. */
export function inflateMessage(bytes: Buffer, maxBytes: number): Buffer {
  try {
    return inflateRawSync(Buffer.concat([bytes, TAIL]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: maxBytes,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new FrameError(
        CLOSE_CODES.tooLarge,
        `a message unpacks to more than ${maxBytes} bytes`,
      );
    }
    throw new FrameError(CLOSE_CODES.invalidPayload, 'a message cannot be unpacked');
  }
}

export function deflateMessage(payload: string | Uint8Array, windowBits: number): Buffer {
  const packed = deflateRawSync(payload, { windowBits, finishFlush: constants.Z_SYNC_FLUSH });
  return packed.subarray(0, packed.length - TAIL.length);
}
