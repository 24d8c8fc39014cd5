import type { PatternNode } from './pattern-reader.ts';

/** Counts below this are written out; a larger one is as bad as none. */
const MOST_COPIES = 10;
/** Past so many characters an expression is not looked at. */
const MAX_POSITIONS = 2_000;

/** Positions of an expression and in how many ways each is reached: 1, or 2 for several. */
type Ways = Map<number, number>;

/** What a part of an expression begins and ends with. */
interface Fragment {
  /** In how many ways it matches the empty text. */
  readonly empty: number;
  readonly first: Ways;
  readonly last: Ways;
}

const NOTHING: Fragment = { empty: 1, first: new Map(), last: new Map() };

/**
 * The position automaton of a regular expression (Glushkov, 1961): a state for each character that
 * is written in it, an edge where one may follow another. Edges count in how many ways a
 * backtracking matcher comes from one to the other.
 */
export class PatternAutomaton {
  /** What each position matches, as written. */
  readonly sources: string[] = [];
  /** From each position: where to, and in how many ways. */
  readonly follow: Ways[] = [];
  /** A count is so large, of something that may be empty, that the ways are too many already. */
  overflow = false;

  constructor(node: PatternNode) {
    this.#fragment(node);
  }

  #fragment(node: PatternNode): Fragment {
    switch (node.kind) {
      case 'empty':
        return NOTHING;
      case 'character':
        return this.#character(node.source);
      case 'sequence':
        return node.parts.reduce<Fragment>(
          (before, part) => this.#joined(before, this.#fragment(part)),
          NOTHING,
        );
      case 'alternatives': {
        const fragments = node.parts.map((part) => this.#fragment(part));
        return {
          empty: Math.min(
            2,
            fragments.reduce((sum, { empty }) => sum + empty, 0),
          ),
          first: union(fragments.map(({ first }) => [first, 1])),
          last: union(fragments.map(({ last }) => [last, 1])),
        };
      }
      case 'repetition':
        return this.#repetition(node.of, node.least, node.most);
    }
  }

  #character(source: string): Fragment {
    const position = this.sources.length;
    if (position >= MAX_POSITIONS) {
      this.overflow = true;
      return NOTHING;
    }
    this.sources.push(source);
    this.follow.push(new Map());
    return { empty: 0, first: new Map([[position, 1]]), last: new Map([[position, 1]]) };
  }

  #joined(before: Fragment, after: Fragment): Fragment {
    if (before === NOTHING) return after;
    this.#connect(before.last, after.first);
    return {
      empty: Math.min(2, before.empty * after.empty),
      first: union([
        [before.first, 1],
        [after.first, before.empty],
      ]),
      last: union([
        [after.last, 1],
        [before.last, after.empty],
      ]),
    };
  }

  #repetition(of: PatternNode, least: number, most: number): Fragment {
    if (most === 0) return NOTHING;
    if (most > MOST_COPIES) {
      const inner = this.#fragment(of);
      if (most !== Number.POSITIVE_INFINITY && inner.empty > 0) this.overflow = true;
      this.#connect(inner.last, inner.first);
      return least === 0 ? { ...inner, empty: 1 } : inner;
    }
    // a{2,4} is aa(a(a)?)?
    let optional = NOTHING;
    for (let count = most; count > least && !this.overflow; count--) {
      optional = { ...this.#joined(this.#fragment(of), optional), empty: 1 };
    }
    let whole = NOTHING;
    for (let count = 0; count < least && !this.overflow; count++) {
      whole = this.#joined(whole, this.#fragment(of));
    }
    return optional === NOTHING ? whole : this.#joined(whole, optional);
  }

  #connect(from: Ways, to: Ways): void {
    for (const [position, ways] of from) {
      const follow = this.follow[position]!;
      for (const [next, more] of to) add(follow, next, ways * more);
    }
  }
}

function add(ways: Ways, position: number, more: number): void {
  ways.set(position, Math.min(2, (ways.get(position) ?? 0) + more));
}

function union(parts: readonly (readonly [Ways, times: number])[]): Ways {
  const all: Ways = new Map();
  for (const [ways, times] of parts) {
    if (times === 0) continue;
    for (const [position, count] of ways) add(all, position, count * times);
  }
  return all;
}
