import Format from 'typebox/format';

/**
 * Formats of numbers that are written as text, so that no digit is lost. What they take is what every
 * protocol can carry: protobuf, XML and GraphQL have types of their own for them.
 */

const WHOLE = /^[+-]?[0-9]{1,40}$/;
const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$/;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

function isWhole(text: string, min: bigint, max: bigint): boolean {
  if (!WHOLE.test(text)) return false;
  // BigInt takes no plus.
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value >= min && value <= max;
}

/** Whole numbers of 64 bits, and decimals without an exponent (as xs:decimal). */
export function registerNumberTexts(): void {
  Format.Set('int64', (text) => isWhole(text, MIN_INT64, MAX_INT64));
  Format.Set('uint64', (text) => isWhole(text, 0n, MAX_UINT64));
  Format.Set('decimal', (text) => DECIMAL.test(text));
}
