/** Whether there is a subject that both filters match. Filters are as `filterLevels` makes them. */
export function overlap(one: readonly string[], other: readonly string[]): boolean {
  for (let index = 0; ; index++) {
    const a = one[index];
    const b = other[index];
    if (a === undefined || b === undefined) return a === b;
    if (a === '>' || b === '>') return true;
    if (a !== b && a !== '*' && b !== '*') return false;
  }
}

/** Whether every subject that `inner` matches is matched by `outer` too. */
export function covers(outer: readonly string[], inner: readonly string[]): boolean {
  for (let index = 0; ; index++) {
    const a = outer[index];
    const b = inner[index];
    if (a === undefined || b === undefined) return a === b;
    if (a === '>') return true;
    if (b === '>' || (a !== b && a !== '*')) return false;
  }
}

/** Whether the filter matches a subject's levels. */
export function matches(filter: readonly string[], levels: readonly string[]): boolean {
  for (let index = 0; ; index++) {
    const wanted = filter[index];
    const level = levels[index];
    if (wanted === undefined || level === undefined) return wanted === level;
    if (wanted === '>') return true;
    if (wanted !== level && wanted !== '*') return false;
  }
}
