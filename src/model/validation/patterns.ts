/**
 * Whether a regular expression repeats something that is itself a repetition with nothing fixed
 * beside it, as `(a+)+` or `(\w+\s?)*` do: one text can then be split in exponentially many ways,
 * and a text that fails in the end keeps the process busy for ever.
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
    let whole = this.#sequence();
    while (this.#text[this.#at] === '|') {
      this.#at++;
      const next = this.#sequence();
      whole = {
        nullable: whole.nullable || next.nullable,
        unbounded: whole.unbounded || next.unbounded,
        elastic: whole.elastic || next.elastic,
        exponential: whole.exponential || next.exponential,
      };
    }
    return whole;
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at]!)) {
      pieces.push(this.#quantified());
    }
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
