/**
 * Response headers, in order. Lists that are the same for every response are made once: each HTTP
 * version keeps its encoded form on the list.
 */
export class HeaderList {
  /** name, value, name, value, ... Names are lower case; values have no CR, LF or NUL. */
  readonly flat: readonly string[];
  /** Encoded forms, kept by the HTTP servers. */
  encodedText: string | undefined;
  encodedBlock: Uint8Array | undefined;

  constructor(flat: readonly string[]) {
    this.flat = flat;
    this.encodedText = undefined;
    this.encodedBlock = undefined;
  }

  /** A new list with these headers behind. */
  with(...more: readonly string[]): HeaderList {
    return headerList(...this.flat, ...more);
  }
}

const NOT_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/**
 * @param flat name, value, name, value, ...
 * @throws TypeError for a name that is no token in lower case, or a value that would break the
 *   head (RFC 9110 section 5.5): header injection ends here.
 */
export function headerList(...flat: readonly string[]): HeaderList {
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index]!;
    const value = flat[index + 1];
    if (!TOKEN.test(name)) throw new TypeError(`header name ${JSON.stringify(name)} is no token`);
    if (value === undefined || NOT_IN_VALUE.test(value)) {
      throw new TypeError(`value of header ${name} has characters that HTTP forbids`);
    }
  }
  return new HeaderList(flat);
}

export const NO_HEADERS = headerList();
export const JSON_HEADERS = headerList('content-type', 'application/json');
