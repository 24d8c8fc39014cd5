import { createRequire } from 'node:module';

/**
 * Native packages that are loaded when they are used first: a hub without streams never pays for
 * them. Their calls are synchronous, and so must be the loading.
 */
const require = createRequire(import.meta.url);

type Crc = typeof import('@node-rs/crc32');
type Snappy = typeof import('snappy');
type Lz4 = typeof import('lz4-napi');

let crc: Crc | undefined;
let snappy: Snappy | undefined;
let lz4: Lz4 | undefined;

/** CRC-32C (Castagnoli; RFC 3720 appendix B.4) as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  crc ??= require('@node-rs/crc32') as Crc;
  return crc.crc32c(bytes);
}

export function snappyPackage(): Snappy {
  snappy ??= require('snappy') as Snappy;
  return snappy;
}

export function lz4Package(): Lz4 {
  lz4 ??= require('lz4-napi') as Lz4;
  return lz4;
}
