import { PatternAutomaton } from './pattern-automaton.ts';
import { type PatternNode, readPattern } from './pattern-reader.ts';

/**
 * Whether some texts take a backtracking matcher exponential time with a regular expression, as
 * with `(a+)+`, `(\w+\s?)*`, `(a|aa)+` or `(\w|\d)+`: repeating it, one text can be split in more
 * than one way, and a text that fails in the end keeps the process busy for ever. An expression
 * that is too large to be judged counts as one.
 *
 * That is so when the automaton has a state from which two different paths over the same text
 * lead back to it (Weber and Seidl, On the degree of ambiguity of finite automata, 1991).
 */
export function isExponential(pattern: string): boolean {
  if (!REPEATS.test(pattern)) return false;
  const overlap = new Overlap(pattern);
  return readPattern(pattern).some((node) => isAmbiguous(node, overlap));
}

/** Without one of these nothing is repeated often enough. */
const REPEATS = /[*+]|\{\d+,\}|\{(?:\d+,)?\d\d+\}/;

/** Steps of one search, a second at most. */
const MAX_STEPS = 5_000_000;

function isAmbiguous(node: PatternNode, overlap: Overlap): boolean {
  const automaton = new PatternAutomaton(node);
  if (automaton.overflow) return true;
  const { follow } = automaton;
  const kinds = automaton.sources.map((source) => overlap.kindOf(source));
  const component = components(follow.map((ways) => [...ways.keys()]));
  /** Successors in the same loop. */
  const inside = follow.map((ways, from) =>
    [...ways.keys()].filter((to) => component[to] === component[from]),
  );
  if (follow.some((ways, from) => inside[from]!.some((to) => ways.get(to)! > 1))) return true;

  // Two walkers over the same text, who set out from one state: do they part, and meet again?
  const size = follow.length;
  const forward = new Set<number>();
  const reached: number[] = [];
  for (let position = 0; position < size; position++) {
    if (inside[position]!.length > 0) reached.push(position * size + position);
  }
  for (const pair of reached) forward.add(pair);
  let steps = 0;
  for (let pair = reached.pop(); pair !== undefined; pair = reached.pop()) {
    const [left, right] = [Math.floor(pair / size), pair % size];
    for (const nextLeft of inside[left]!) {
      for (const nextRight of inside[right]!) {
        if (++steps > MAX_STEPS) return true;
        if (!overlap.of(kinds[nextLeft]!, kinds[nextRight]!)) continue;
        // They met: and as all states of a loop lead to each other, back to where they set out.
        if (left !== right && nextLeft === nextRight) return true;
        const next = nextLeft * size + nextRight;
        if (!forward.has(next)) {
          forward.add(next);
          reached.push(next);
        }
      }
    }
  }
  return false;
}

/** The strongly connected component of each node (Kosaraju): nodes that lead to each other. */
function components(edges: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const seen = new Set<number>();
  for (let root = 0; root < edges.length; root++)
    visit(edges, root, seen, (node) => order.push(node));
  const reverse = edges.map((): number[] => []);
  for (const [from, targets] of edges.entries()) for (const to of targets) reverse[to]!.push(from);
  const component: number[] = new Array(edges.length);
  const assigned = new Set<number>();
  for (const root of order.toReversed()) {
    visit(reverse, root, assigned, (node) => {
      component[node] = root;
    });
  }
  return component;
}

/** Depth first, each node once; `leave` in the order in which they are done. */
function visit(
  edges: readonly (readonly number[])[],
  root: number,
  seen: Set<number>,
  leave: (node: number) => void,
): void {
  if (seen.has(root)) return;
  seen.add(root);
  const path = [{ node: root, next: 0 }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const target = edges[top.node]![top.next++];
    if (target === undefined) {
      leave(top.node);
      path.pop();
    } else if (!seen.has(target)) {
      seen.add(target);
      path.push({ node: target, next: 0 });
    }
  }
}

/** Characters that classes are tried with: Latin, which is what patterns are written about, and
 * some of every other kind. */
const SAMPLE = [
  ...Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code)),
  ...'ΑαЖжא٣عनกあア中한Ａ１，\u0301\u2003\u2028\ufeff€№\u{1d400}\u{1f600}',
];

/** Which characters of an expression can stand for the same one. */
class Overlap {
  readonly #sample: readonly string[];
  readonly #kinds = new Map<string, number>();
  readonly #fitting: ReadonlySet<number>[] = [];
  readonly #known = new Map<number, boolean>();

  constructor(pattern: string) {
    this.#sample = [...new Set([...SAMPLE, ...pattern])];
  }

  /** The same number for what is written the same way. */
  kindOf(source: string): number {
    let kind = this.#kinds.get(source);
    if (kind === undefined) {
      kind = this.#fitting.length;
      this.#kinds.set(source, kind);
      this.#fitting.push(this.#fittingOf(source));
    }
    return kind;
  }

  of(left: number, right: number): boolean {
    if (left === right) return true;
    const key = Math.min(left, right) * 65_536 + Math.max(left, right);
    let known = this.#known.get(key);
    if (known === undefined) {
      const other = this.#fitting[right]!;
      known = [...this.#fitting[left]!].some((index) => other.has(index));
      this.#known.set(key, known);
    }
    return known;
  }

  #fittingOf(source: string): ReadonlySet<number> {
    let expression: RegExp;
    try {
      expression = new RegExp(`^(?:${source})$`, 'u');
    } catch {
      // A reference to a group that stands elsewhere: it says nothing by itself.
      return new Set();
    }
    return new Set(
      this.#sample.flatMap((character, index) => (expression.test(character) ? [index] : [])),
    );
  }
}
