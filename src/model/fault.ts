/**
 * The sixteen fault codes of the hub, by their canonical names, in the order of their numbers
 * (source: google/rpc/code.proto; 0 is OK and is no fault).
 */
export const FAULT_CODES = {
  CANCELLED: { number: 1, retryable: false, meaning: 'The caller gave up before the answer came.' },
  UNKNOWN: { number: 2, retryable: false, meaning: 'The handler failed and did not say how.' },
  INVALID_ARGUMENT: {
    number: 3,
    retryable: false,
    meaning: 'The input does not fit the contract, whatever the state of the system.',
  },
  DEADLINE_EXCEEDED: {
    number: 4,
    retryable: true,
    meaning: 'The time for the call ran out before it was done.',
  },
  NOT_FOUND: { number: 5, retryable: false, meaning: 'What was asked for does not exist.' },
  ALREADY_EXISTS: { number: 6, retryable: false, meaning: 'What was to be created is there.' },
  PERMISSION_DENIED: {
    number: 7,
    retryable: false,
    meaning: 'The caller is known and may not do this.',
  },
  RESOURCE_EXHAUSTED: {
    number: 8,
    retryable: true,
    meaning: 'A limit of size, count or rate was met.',
  },
  FAILED_PRECONDITION: {
    number: 9,
    retryable: false,
    meaning: 'The system is not in the state that the call needs.',
  },
  ABORTED: { number: 10, retryable: true, meaning: 'Another change came between; try it again.' },
  OUT_OF_RANGE: { number: 11, retryable: false, meaning: 'A position past the valid range.' },
  UNIMPLEMENTED: {
    number: 12,
    retryable: false,
    meaning: 'No such operation here, or not over this protocol.',
  },
  INTERNAL: { number: 13, retryable: false, meaning: 'The hub or the handler broke a promise.' },
  UNAVAILABLE: {
    number: 14,
    retryable: true,
    meaning: 'The service cannot be reached now; try it again.',
  },
  DATA_LOSS: { number: 15, retryable: false, meaning: 'Stored data is lost or broken.' },
  UNAUTHENTICATED: {
    number: 16,
    retryable: false,
    meaning: 'The call needs credentials and had none, or bad ones.',
  },
} as const satisfies Record<string, FaultCodeFacts>;

export interface FaultCodeFacts {
  readonly number: number;
  /** Whether the same call may succeed when it is sent again, unchanged. */
  readonly retryable: boolean;
  readonly meaning: string;
}

export type FaultCode = keyof typeof FAULT_CODES;

export const FAULT_CODE_NAMES = Object.keys(FAULT_CODES) as readonly FaultCode[];

const byNumber = new Map<number, FaultCode>(
  FAULT_CODE_NAMES.map((code) => [FAULT_CODES[code].number, code]),
);

/** The code with this number, or UNKNOWN for a number that no code has. */
export function faultCodeOfNumber(number: number): FaultCode {
  return byNumber.get(number) ?? 'UNKNOWN';
}

export function isFaultCode(name: unknown): name is FaultCode {
  return typeof name === 'string' && Object.hasOwn(FAULT_CODES, name);
}

/** One thing wrong with a value: where, what was expected there, what came. */
export interface Violation {
  /** JSON Pointer (RFC 6901) to the place in the value; '' is the whole. */
  readonly path: string;
  readonly expected: string;
  /** What came, shortened; never the value of a field marked writeOnly. */
  readonly received: string;
}

export interface FaultOptions {
  /** Name of the error that the contract declares; absent for a fault of the hub itself. */
  readonly error?: string | undefined;
  /** The declared error's data; JSON. */
  readonly data?: unknown;
  readonly violations?: readonly Violation[] | undefined;
  /** When a retry makes sense, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The same symbol in every copy of this package. */
const BRAND = Symbol.for('polywire.Fault');

/**
 * An error that a caller is meant to see: of the hub, or declared by a contract (then `error`
 * names it and `data` is its typed data). Everything else that is thrown becomes INTERNAL with
 * its message kept out of the answer.
 */
export class Fault extends Error {
  /**
   * Faults of another copy of this package are faults too: a command that is installed globally
   * serves an application that imports its own copy.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this, and judge as usual
    if (this !== Fault) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  readonly code: FaultCode;
  readonly error: string | undefined;
  readonly data: unknown;
  readonly violations: readonly Violation[] | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.error = options.error;
    this.data = options.data;
    this.violations = options.violations;
    this.retryAfterMs = options.retryAfterMs;
  }

  get retryable(): boolean {
    return FAULT_CODES[this.code].retryable;
  }

  /** The neutral JSON form, which protocols embed where they have room for details. */
  toJSON(): FaultDocument {
    return {
      code: this.code,
      message: this.message,
      ...(this.error === undefined ? {} : { error: this.error }),
      ...(this.data === undefined ? {} : { data: this.data }),
      ...(this.violations === undefined ? {} : { violations: this.violations }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    };
  }

  /** The reverse of toJSON, for clients; tolerant: what is not a fault becomes UNKNOWN. */
  static fromJSON(value: unknown): Fault {
    const document = (typeof value === 'object' && value !== null ? value : {}) as Partial<
      Record<keyof FaultDocument, unknown>
    >;
    return new Fault(
      isFaultCode(document.code) ? document.code : 'UNKNOWN',
      typeof document.message === 'string' ? document.message : 'The other side gave no reason.',
      {
        error: typeof document.error === 'string' ? document.error : undefined,
        data: document.data,
        violations: Array.isArray(document.violations)
          ? (document.violations as Violation[])
          : undefined,
        retryAfterMs: typeof document.retryAfterMs === 'number' ? document.retryAfterMs : undefined,
      },
    );
  }

  /**
   * Any thrown value as a fault. The text of an unexpected error stays inside (it may hold
   * secrets); it is kept as `cause` for the log.
   */
  static from(thrown: unknown): Fault {
    if (thrown instanceof Fault) return thrown;
    return new Fault('INTERNAL', 'The handler failed; the log has the reason.', { cause: thrown });
  }
}

// On the prototype, where it costs no fault anything.
Object.defineProperty(Fault.prototype, BRAND, { value: true });

export interface FaultDocument {
  readonly code: FaultCode;
  readonly message: string;
  readonly error?: string;
  readonly data?: unknown;
  readonly violations?: readonly Violation[];
  readonly retryAfterMs?: number;
}
