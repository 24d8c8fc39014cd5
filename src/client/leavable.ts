/**
 * An iterable that its reader can leave at any time: also while a `next` is pending, which a
 * generator by itself would wait for, and before the first one.
 * @param leave ends what the source waits for
 */
export function leavable<Item>(
  source: AsyncGenerator<Item>,
  leave: () => void,
): AsyncIterableIterator<Item, undefined> {
  const done = { value: undefined, done: true } as const;
  let left = false;
  return {
    async next() {
      if (left) return done;
      try {
        const step = await source.next();
        return left || step.done === true ? done : step;
      } catch (fault) {
        if (left) return done;
        throw fault;
      }
    },
    async return() {
      left = true;
      leave();
      // How the source takes its end is of no interest to whoever left.
      await source.return(undefined).catch(() => {});
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
