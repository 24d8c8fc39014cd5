import { isUtf8 } from 'node:buffer';
import { XmlFault, type XmlProblem } from './fault.ts';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'iso-8859-1';

/**
 * The text of a document. The encoding is that of the byte order mark, else of the transport
 * (`charset` of a media type), else of the XML declaration, else UTF-8 (RFC 7303 section 3,
 * XML 1.0 appendix F).
 * @throws XmlFault INVALID_ARGUMENT for another encoding than UTF-8, UTF-16 and ISO-8859-1, and
 * for bytes that are not of it.
 */
export function decodeXml(bytes: Uint8Array, charset?: string): string {
  const mark = markOf(bytes);
  if (mark !== undefined) return decode(bytes.subarray(mark === 'utf-8' ? 3 : 2), mark);
  if (charset !== undefined) return decode(bytes, encodingNamed(charset, bytes));
  const shape = shapeOf(bytes);
  if (shape !== undefined) return decode(bytes, shape);
  // '<?x': only then can there be a declaration.
  if (bytes[0] !== 0x3c || bytes[1] !== 0x3f) return decode(bytes, 'utf-8');
  const declared = declaredEncoding(bytes);
  const encoding = declared === undefined ? 'utf-8' : encodingNamed(declared, bytes);
  // The declaration was read as one byte a character: so are these.
  if (encoding !== 'utf-8' && encoding !== 'iso-8859-1') {
    throw refused(
      `The declaration says ${JSON.stringify(declared)}, and the bytes are not of it.`,
      'character',
    );
  }
  return decode(bytes, encoding);
}

function markOf(bytes: Uint8Array): Encoding | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** UTF-16 without a mark shows in its first character, which is '<' or white space. */
function shapeOf(bytes: Uint8Array): Encoding | undefined {
  if (bytes[0] === 0x3c && bytes[1] === 0) return 'utf-16le';
  if (bytes[0] === 0 && bytes[1] === 0x3c) return 'utf-16be';
  return undefined;
}

const DECLARATION =
  /^<\?xml[ \t\r\n][^>]{0,200}?encoding[ \t\r\n]*=[ \t\r\n]*["']([^"'>]{1,60})["']/;

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 300));
  return DECLARATION.exec(head.toString('latin1'))?.[1];
}

function encodingNamed(name: string, bytes: Uint8Array): Encoding {
  switch (name.toLowerCase()) {
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
    case 'ascii':
      return 'utf-8';
    case 'utf-16le':
      return 'utf-16le';
    case 'utf-16be':
      return 'utf-16be';
    case 'utf-16':
      // Without a mark it is big-endian (RFC 2781 section 4.3) unless the first '<' shows otherwise.
      return shapeOf(bytes) ?? 'utf-16be';
    case 'iso-8859-1':
    case 'latin1':
      return 'iso-8859-1';
    default:
      throw refused(
        `Encoding ${JSON.stringify(name.slice(0, 60))} is not supported; send UTF-8, UTF-16 or ISO-8859-1.`,
        'encoding',
      );
  }
}

function decode(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === 'utf-8') {
    if (!isUtf8(bytes)) throw refused('The bytes are not UTF-8.', 'character');
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }
  if (encoding === 'iso-8859-1') {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  }
  if (bytes.length % 2 !== 0) throw refused('UTF-16 has an even number of bytes.', 'character');
  const copy = Buffer.from(bytes);
  if (encoding === 'utf-16be') copy.swap16();
  const text = copy.toString('utf16le');
  if (!text.isWellFormed()) {
    throw refused('The bytes are not UTF-16: half a surrogate pair.', 'character');
  }
  return text;
}

function refused(reason: string, problem: XmlProblem): XmlFault {
  return new XmlFault('INVALID_ARGUMENT', reason, 1, 1, problem);
}
