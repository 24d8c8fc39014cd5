/** What a topic is called in one packet. */
export interface Alias {
  readonly number: number;
  /** The client knows it: the topic itself need not be sent. */
  readonly known: boolean;
}

/** Topic aliases of what one connection is sent (MQTT 5.0 section 3.3.2.3.4): the first topics get
 * them, as many as the client allows. */
export class AliasTable {
  readonly #max: number;
  readonly #numbers = new Map<string, Alias>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Undefined for a topic that has none and gets none. */
  of(topic: Buffer): Alias | undefined {
    const known = this.#numbers.get(topic.toString('latin1'));
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    return number > this.#max ? undefined : { number, known: false };
  }

  /** The client has been told of the alias that `of` gave to this topic. */
  learn(topic: Buffer): void {
    const number = this.#numbers.size + 1;
    this.#numbers.set(topic.toString('latin1'), { number, known: true });
  }
}
