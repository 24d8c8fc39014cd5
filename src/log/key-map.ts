import { hash } from 'node:crypto';

/** Keys up to this length are kept as they are, longer ones by their digest. */
const SHORT = 32;

/** For each key the offset of its last record, up to a number of keys. */
export class KeyMap {
  readonly #max: number;
  readonly #offsets = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  get full(): boolean {
    return this.#offsets.size >= this.#max;
  }

  set(key: Buffer, offset: number): void {
    this.#offsets.set(textOf(key), offset);
  }

  get(key: Buffer): number | undefined {
    return this.#offsets.get(textOf(key));
  }
}

function textOf(key: Buffer): string {
  // The first character tells a short key from the digest of another.
  if (key.length <= SHORT) return `=${key.toString('latin1')}`;
  return `#${hash('sha256', key, 'base64')}`;
}
