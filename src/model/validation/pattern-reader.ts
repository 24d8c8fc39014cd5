/** A regular expression, as far as its repetitions are concerned. */
export type PatternNode =
  /** Matches without a character: anchors, word boundaries, lookarounds. */
  | { readonly kind: 'empty' }
  /** One character of those that `source` matches: `a`, `[a-z]`, `\\d`. */
  | { readonly kind: 'character'; readonly source: string }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'alternatives'; readonly parts: readonly PatternNode[] }
  /** `most` is Infinity where there is no bound. */
  | {
      readonly kind: 'repetition';
      readonly of: PatternNode;
      readonly least: number;
      readonly most: number;
    };

const EMPTY: PatternNode = { kind: 'empty' };

/**
 * Reads just enough of the grammar (ECMA-262 section 22.2.1) to see repetitions. Any text is read
 * to its end; whether it is a regular expression at all is for others to say.
 * @returns the expression, then what stands in its lookarounds, which are matched by themselves
 */
export function readPattern(text: string): PatternNode[] {
  const reader = new PatternReader(text);
  const whole = reader.read();
  return [whole, ...reader.lookarounds];
}

class PatternReader {
  readonly lookarounds: PatternNode[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PatternNode {
    const parts = [this.#alternatives()];
    // A bracket that nothing opened: it is passed over.
    while (this.#at < this.#text.length) {
      this.#at++;
      parts.push(this.#alternatives());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  #alternatives(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      parts.push(this.#sequence());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'alternatives', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at]!)) {
      parts.push(this.#quantified());
    }
    if (parts.length === 0) return EMPTY;
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  #quantified(): PatternNode {
    const atom = this.#atom();
    const found = this.#take(/(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y);
    if (found === undefined) return atom;
    const [sign, least, comma, most] = found;
    if (sign.startsWith('*')) return repetition(atom, 0, Number.POSITIVE_INFINITY);
    if (sign.startsWith('+')) return repetition(atom, 1, Number.POSITIVE_INFINITY);
    if (sign.startsWith('?')) return repetition(atom, 0, 1);
    if (comma === '') return repetition(atom, Number(least), Number(least));
    return repetition(atom, Number(least), most === '' ? Number.POSITIVE_INFINITY : Number(most));
  }

  #atom(): PatternNode {
    const start = this.#at;
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    this.#at += character.length;
    switch (character) {
      case '^':
      case '$':
        return EMPTY;
      case '[':
        this.#take(/(?:\\.|[^\]\\])*\]?/suy);
        break;
      case '\\': {
        const rest = this.#take(
          /u\{[^}]*\}|u[0-9a-fA-F]{4}|[pP]\{[^}]*\}|k<[^>]*>|\d+|x..|c.|./suy,
        )?.[0];
        if (rest === 'b' || rest === 'B') return EMPTY;
        break;
      }
      case '(':
        return this.#group();
    }
    return { kind: 'character', source: this.#text.slice(start, this.#at) };
  }

  #group(): PatternNode {
    const prefix = this.#take(/\?(?::|=|!|<=|<!|<[^>]*>)/y)?.[0] ?? '';
    const inside = this.#alternatives();
    this.#at++;
    if (!/^\?<?[=!]/.test(prefix)) return inside;
    this.lookarounds.push(inside);
    return EMPTY;
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }
}

function repetition(of: PatternNode, least: number, most: number): PatternNode {
  return of.kind === 'empty' ? of : { kind: 'repetition', of, least, most };
}
