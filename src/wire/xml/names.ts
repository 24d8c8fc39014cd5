/** A name without a colon (Namespaces in XML 1.0), as far as one UTF-16 unit at a time tells. */
const START =
  'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD';
const PART = `${START}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F-\\u2040`;
const NAME = new RegExp(`^[${START}][${PART}]*$`);
const FIRST = new RegExp(`^[^${START}]`);
const OTHER = new RegExp(`[^${PART}]`, 'g');

/** Whether the text is a name without a colon, and needs no encoding. */
export function isXmlName(text: string): boolean {
  return NAME.test(text) && !text.includes('_x');
}

/**
 * Any text as a name: what a name may not hold is written `_xHHHH_`, and so is the underscore of a
 * literal `_x` (the encoding of ISO 9075-14 section 9.1). The empty text is `_x_`. Invertible.
 */
export function encodeName(text: string): string {
  if (isXmlName(text)) return text;
  if (text === '') return '_x_';
  return text
    .replace(/_(?=x)/g, '_x005F_')
    .replace(OTHER, encodeUnit)
    .replace(FIRST, encodeUnit);
}

/** The text that `encodeName` was given. */
export function decodeName(name: string): string {
  if (name === '_x_') return '';
  if (!name.includes('_x')) return name;
  return name.replace(/_x([0-9A-F]{4})_/g, (_all, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function encodeUnit(unit: string): string {
  return `_x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
}
