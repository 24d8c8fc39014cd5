/** How one kind of text stands for a JSON value. */
export interface Lexical {
  /** Local name of the built-in type of XSD. */
  readonly base: string;
  /** What is asked for, in words. */
  readonly expected: string;
  /** undefined for text that does not fit. */
  parse(text: string): unknown;
  /** undefined for a value that does not fit. */
  print(value: unknown): string | undefined;
}

/** White space collapsed (XSD part 2 section 4.3.6), for types that are not text. */
function collapsed(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

function printText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value);
  }
  return value instanceof Date ? (value.toJSON() ?? undefined) : undefined;
}

export const STRING: Lexical = {
  base: 'string',
  expected: 'text',
  parse: (text) => text,
  print: printText,
};

/** Text with a form that only whitespace can spoil; the hub judges the rest by its format. */
function textOf(base: string, expected: string, form: RegExp): Lexical {
  return {
    base,
    expected,
    parse(text) {
      const value = collapsed(text);
      return form.test(value) ? value : undefined;
    },
    print: printText,
  };
}

// Years of four digits and a time zone, as RFC 3339 asks.
export const DATE_TIME = textOf(
  'dateTime',
  'a date and time with a time zone, such as 2026-01-31T12:00:00Z',
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
);
export const DATE = textOf(
  'date',
  'a date without a time zone, such as 2026-01-31',
  /^\d{4}-\d\d-\d\d$/,
);
export const TIME = textOf(
  'time',
  'a time with a time zone, such as 12:00:00Z',
  /^\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
);

const DURATION_FORM =
  /^P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/;

export const DURATION: Lexical = {
  ...textOf('duration', 'a duration, such as P1DT12H', DURATION_FORM),
  print(value) {
    // XSD has no weeks.
    const weeks = typeof value === 'string' ? /^P(\d{1,9})W$/.exec(value)?.[1] : undefined;
    return weeks === undefined ? printText(value) : `P${Number(weeks) * 7}D`;
  },
};

export const BOOLEAN: Lexical = {
  base: 'boolean',
  expected: 'true or false',
  parse(text) {
    switch (collapsed(text)) {
      case 'true':
      case '1':
        return true;
      case 'false':
      case '0':
        return false;
      default:
        return undefined;
    }
  },
  print: (value) => (typeof value === 'boolean' ? String(value) : undefined),
};

const INTEGER = /^[+-]?[0-9]{1,40}$/;

/** A whole number that is a JSON number: as far as that can hold it exactly. */
export function integer(base: 'int' | 'long'): Lexical {
  return {
    base,
    expected: 'a whole number between -9007199254740991 and 9007199254740991',
    parse(text) {
      const digits = collapsed(text);
      if (!INTEGER.test(digits)) return undefined;
      const value = Number(digits);
      return Number.isSafeInteger(value) ? value + 0 : undefined;
    },
    print: printInteger,
  };
}

function printInteger(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && Number.isInteger(value) ? plain(value) : undefined;
}

const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

/** A 64-bit whole number whose value is text, without loss.
 * @param numbers whether the schema takes numbers too: those that are exact become numbers */
export function long(numbers: boolean): Lexical {
  return {
    base: 'long',
    expected: 'a whole number of 64 bits',
    parse(text) {
      const digits = collapsed(text);
      if (!INTEGER.test(digits)) return undefined;
      const value = BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
      if (value < LONG_MIN || value > LONG_MAX) return undefined;
      if (numbers && Number.isSafeInteger(Number(value))) return Number(value);
      return String(value);
    },
    print(value) {
      if (typeof value !== 'string') return printInteger(value);
      return INTEGER.test(value) ? value : undefined;
    },
  };
}

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$/;

/** A decimal whose value is text: every digit is kept. */
export const DECIMAL_TEXT: Lexical = {
  base: 'decimal',
  expected: 'a decimal number',
  parse(text) {
    const digits = collapsed(text);
    if (!DECIMAL.test(digits)) return undefined;
    return digits
      .replace('+', '')
      .replace(/^(-?)\./, '$10.')
      .replace(/\.$/, '');
  },
  print(value) {
    if (typeof value === 'string') return DECIMAL.test(value) ? value : undefined;
    return printDecimal(value);
  },
};

export const DECIMAL_NUMBER: Lexical = {
  base: 'decimal',
  expected: 'a decimal number',
  parse(text) {
    const digits = collapsed(text);
    return DECIMAL.test(digits) ? finite(Number(digits)) : undefined;
  },
  print: printDecimal,
};

function printDecimal(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && Number.isFinite(value) ? plain(value) : undefined;
}

const FLOAT = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$/;

export function floating(base: 'float' | 'double'): Lexical {
  return {
    base,
    expected: 'a number (JSON has no INF and no NaN)',
    parse(text) {
      const digits = collapsed(text);
      return FLOAT.test(digits) ? finite(Number(digits)) : undefined;
    },
    print: (value) =>
      typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined,
  };
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** A number without an exponent. */
function plain(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const BASE64_BINARY: Lexical = {
  base: 'base64Binary',
  expected: 'bytes in base64',
  parse(text) {
    const value = /[ \t\r\n]/.test(text) ? text.replace(/[ \t\r\n]+/g, '') : text;
    return BASE64.test(value) ? value : undefined;
  },
  print: (value) => (typeof value === 'string' ? value : undefined),
};

/** One of some values, each by its text in another lexical form. */
export function enumeration(lexical: Lexical, values: readonly unknown[]): Lexical {
  const allowed = new Set(values);
  const listed = values.slice(0, 20).map((value) => String(lexical.print(value)));
  const more = values.length > listed.length ? ` and ${values.length - listed.length} more` : '';
  return {
    base: lexical.base,
    expected: values.length === 1 ? listed[0]! : `one of ${listed.join(', ')}${more}`,
    parse(text) {
      const value = lexical.parse(text);
      return allowed.has(value) ? value : undefined;
    },
    print: (value) => lexical.print(value),
  };
}
