/** Waits for a condition that must come true soon.
 * @throws Error when it does not, with what was waited for. */
export async function until(
  what: string,
  condition: () => boolean,
  withinMs = 5000,
): Promise<void> {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
