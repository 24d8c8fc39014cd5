/**
 * Whether a regular expression repeats something that is itself a repetition with nothing fixed
 * beside it, as `(a+)+` or `(\w+\s?)*` do, or alternatives that overlap, as `(\w|\d)+` does: one
 * text can then be split in exponentially many ways, and a text that fails in the end keeps the
 * process busy for ever.
 */
export function isExponential(pattern: string): boolean {
  return new PatternReader(pattern).alternatives().exponential;
}

interface Piece {
  /** May match the empty text. */
  readonly nullable: boolean;
  /** May match texts of any length by repetition of itself. */
  readonly unbounded: boolean;
  /** A repetition of it is ambiguous. */
  readonly elastic: boolean;
  readonly exponential: boolean;
}

const PLAIN: Piece = { nullable: false, unbounded: false, elastic: false, exponential: false };
const EMPTY: Piece = { ...PLAIN, nullable: true };

/** Reads just enough of the grammar (ECMA-262 section 22.2.1) to see repetitions. */
class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  alternatives(): Piece {
    /** Alternatives of one character each: `a`, `[a-z]`, `\\d`. */
    const single: string[] = [];
    const sequence = (): Piece => {
      const start = this.#at;
      const piece = this.#sequence();
      if (piece === PLAIN) single.push(this.#text.slice(start, this.#at));
      return piece;
    };
    let whole = sequence();
    while (this.#text[this.#at] === '|') {
      this.#at++;
      const next = sequence();
      whole = {
        nullable: whole.nullable || next.nullable,
        unbounded: whole.unbounded || next.unbounded,
        elastic: whole.elastic || next.elastic,
        exponential: whole.exponential || next.exponential,
      };
    }
    return single.length > 1 && overlap(single) ? { ...whole, elastic: true } : whole;
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at]!)) {
      pieces.push(this.#quantified());
    }
    if (pieces.length === 1 && pieces[0] === PLAIN) return PLAIN;
    const fixed = pieces.filter(({ nullable, unbounded }) => !nullable && !unbounded).length;
    const needed = pieces.filter(({ nullable }) => !nullable).length;
    return {
      nullable: needed === 0,
      unbounded: false,
      // At most one piece must be there, and that or another one repeats.
      elastic: fixed === 0 && needed <= 1 && pieces.some(({ unbounded }) => unbounded),
      exponential: pieces.some(({ exponential }) => exponential),
    };
  }

  #quantified(): Piece {
    const atom = this.#atom();
    const quantifier = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(this.#text.slice(this.#at));
    if (quantifier === null) return atom;
    this.#at += quantifier[0].length;
    const [sign, least, comma, most] = quantifier;
    const many = sign.startsWith('*') || sign.startsWith('+') || (comma === ',' && most === '');
    const optional = sign.startsWith('*') || sign.startsWith('?') || least === '0';
    // A large count is as bad as none.
    const repeats = many || Number(most || least || 0) > 10;
    return {
      nullable: optional || atom.nullable,
      unbounded: many,
      elastic: atom.elastic || many,
      exponential: atom.exponential || (repeats && atom.elastic),
    };
  }

  #atom(): Piece {
    const character = this.#text[this.#at++]!;
    if (character === '^' || character === '$') return EMPTY;
    if (character === '[') {
      while (this.#at < this.#text.length && this.#text[this.#at] !== ']') {
        this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
      }
      this.#at++;
      return PLAIN;
    }
    if (character === '\\') {
      const escaped = /^(?:u\{[^}]*\}|u[0-9a-fA-F]{4}|[pP]\{[^}]*\}|k<[^>]*>|x..|c.|.)/su.exec(
        this.#text.slice(this.#at),
      );
      this.#at += escaped?.[0].length ?? 0;
      return /^[bB]$/.test(escaped?.[0] ?? '') ? EMPTY : PLAIN;
    }
    if (character !== '(') return PLAIN;
    const prefix = /^\?(?::|=|!|<=|<!|<[^>]*>)/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += prefix.length;
    const inside = this.alternatives();
    this.#at++;
    return /^\?<?[=!]/.test(prefix) ? { ...EMPTY, exponential: inside.exponential } : inside;
  }
}

/** Characters that alternatives are tried with: Latin, which is what patterns are written about. */
const SAMPLE = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code));

/** Whether a character fits two of the alternatives, so that repeating them is ambiguous. */
function overlap(alternatives: readonly string[]): boolean {
  const expressions = alternatives.flatMap((source) => {
    try {
      return [new RegExp(`^(?:${source})$`, 'u')];
    } catch {
      // A reference to a group that stands elsewhere: it says nothing by itself.
      return [];
    }
  });
  return SAMPLE.some(
    (character) => expressions.filter((expression) => expression.test(character)).length > 1,
  );
}
