/**
 * What is registered under filters, found by the levels of a subject. `*` stands for one level,
 * `>` at the end for one or more. The cost of a match depends on the subject's levels and on the
 * wildcards along its way, not on how much else is registered.
 */
export class SubjectTrie<T> {
  readonly #root = new Node<T>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(filter: readonly string[], value: T): void {
    let node = this.#root;
    for (const level of filter) node = node.enter(level);
    node.values.push(value);
    this.#size++;
  }

  /** Takes out what was added once; false when it is not there. Empty branches are given back. */
  remove(filter: readonly string[], value: T): boolean {
    const path: Node<T>[] = [this.#root];
    for (const level of filter) {
      const next = path.at(-1)!.child(level);
      if (next === undefined) return false;
      path.push(next);
    }
    const { values } = path.at(-1)!;
    const index = values.indexOf(value);
    if (index < 0) return false;
    values.splice(index, 1);
    this.#size--;
    for (let depth = path.length - 1; depth > 0 && path[depth]!.empty; depth--) {
      path[depth - 1]!.drop(filter[depth - 1]!);
    }
    return true;
  }

  /** Appends to `found` what is registered under filters that match. */
  match(levels: readonly string[], found: T[]): void {
    if (this.#size > 0) visit(this.#root, levels, 0, found);
  }
}

class Node<T> {
  readonly values: T[] = [];
  children: Map<string, Node<T>> | undefined = undefined;
  star: Node<T> | undefined = undefined;
  tail: Node<T> | undefined = undefined;

  get empty(): boolean {
    return (
      this.values.length === 0 &&
      this.children === undefined &&
      this.star === undefined &&
      this.tail === undefined
    );
  }

  child(level: string): Node<T> | undefined {
    if (level === '*') return this.star;
    if (level === '>') return this.tail;
    return this.children?.get(level);
  }

  enter(level: string): Node<T> {
    const known = this.child(level);
    if (known !== undefined) return known;
    const made = new Node<T>();
    if (level === '*') this.star = made;
    else if (level === '>') this.tail = made;
    else {
      this.children ??= new Map();
      this.children.set(level, made);
    }
    return made;
  }

  drop(level: string): void {
    if (level === '*') this.star = undefined;
    else if (level === '>') this.tail = undefined;
    else if (this.children?.delete(level) === true && this.children.size === 0) {
      this.children = undefined;
    }
  }
}

function visit<T>(node: Node<T>, levels: readonly string[], depth: number, found: T[]): void {
  if (depth === levels.length) {
    for (const value of node.values) found.push(value);
    return;
  }
  if (node.tail !== undefined) for (const value of node.tail.values) found.push(value);
  if (node.star !== undefined) visit(node.star, levels, depth + 1, found);
  const child = node.children?.get(levels[depth]!);
  if (child !== undefined) visit(child, levels, depth + 1, found);
}
