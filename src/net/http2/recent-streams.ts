/** How a stream came to its end. */
export const Ending = {
  UNKNOWN: 0,
  /** Both sides said END_STREAM. */
  COMPLETE: 1,
  /** The client sent RST_STREAM. */
  RESET_BY_PEER: 2,
  /** We sent RST_STREAM: what the client had sent before it knew is ignored. */
  RESET_BY_US: 3,
} as const;

const SLOTS = 512;

/**
 * How the latest streams ended, at a fixed size: a frame for a closed stream means different
 * things after different endings (RFC 9113 section 5.1).
 */
export class RecentStreams {
  #ids: Uint32Array | undefined;
  #endings: Uint8Array | undefined;

  add(id: number, ending: number): void {
    this.#ids ??= new Uint32Array(SLOTS);
    this.#endings ??= new Uint8Array(SLOTS);
    const slot = (id >>> 1) & (SLOTS - 1);
    this.#ids[slot] = id;
    this.#endings[slot] = ending;
  }

  /** UNKNOWN for a stream that never was, or too long ago. */
  ending(id: number): number {
    const slot = (id >>> 1) & (SLOTS - 1);
    return this.#ids?.[slot] === id ? this.#endings![slot]! : Ending.UNKNOWN;
  }
}
