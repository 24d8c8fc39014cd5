import { Fault } from './fault.ts';

/** Deepest nesting accepted by default; arrays and objects count. */
export const DEFAULT_MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * JSON text (RFC 8259, UTF-8) to a value.
 * @throws Fault INVALID_ARGUMENT for bytes that are no UTF-8 or no JSON, nested deeper than `maxDepth`, or with
 *   a member `__proto__` (harmless here, a trap for code that copies members later).
 */
export function parseJson(bytes: Buffer | string, maxDepth: number = DEFAULT_MAX_DEPTH): unknown {
  // Nesting of depth n takes at least n bytes: short texts need no look.
  if (bytes.length > maxDepth) checkDepth(bytes, maxDepth);
  const text = typeof bytes === 'string' ? bytes : textOf(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Fault('INVALID_ARGUMENT', `This is no JSON: ${(error as Error).message}`);
  }
  // A letter of the name may have been written as an escape.
  if ((text.includes('__proto__') || text.includes('\\u00')) && hasProto(value)) {
    throw new Fault(
      'INVALID_ARGUMENT',
      'A JSON object has a member "__proto__", which is refused.',
    );
  }
  return value;
}

/** @throws Fault INVALID_ARGUMENT for bytes that are not UTF-8 */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  // Only bad bytes and the character itself give this character: a second look is rare.
  if (!text.includes('\ufffd')) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fault('INVALID_ARGUMENT', 'This is no JSON: the bytes are not UTF-8.');
  }
}

function checkDepth(bytes: Buffer | string, maxDepth: number): void {
  const isText = typeof bytes === 'string';
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = isText ? bytes.charCodeAt(index) : bytes[index]!;
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) {
        throw new Fault(
          'INVALID_ARGUMENT',
          `JSON is nested deeper than ${maxDepth} levels (at byte ${index}).`,
        );
      }
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
}

function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasProto);
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto);
}
