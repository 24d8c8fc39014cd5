import type { Delivery, Message } from '../model/message.ts';

/** A message with its place among all that this hub has accepted. */
export class HeldMessage implements Delivery {
  readonly message: Message;
  /** Escaped levels of the subject. */
  readonly levels: readonly string[];
  readonly sequence: number;
  /** Scopes of the events that the subject belongs to; a receiver needs them all. */
  readonly scopes: readonly string[];
  /** What it weighs in buffers: payload, headers and a flat share for the rest. */
  readonly bytes: number;
  readonly #boot: string;
  readonly #streams: string;

  constructor(
    message: Message,
    levels: readonly string[],
    sequence: number,
    scopes: readonly string[],
    boot: string,
    streams: string,
  ) {
    this.message = message;
    this.levels = levels;
    this.sequence = sequence;
    this.scopes = scopes;
    this.#boot = boot;
    this.#streams = streams;
    let bytes = 256 + message.payload.byteLength + 2 * message.subject.length;
    for (const [name, value] of message.headers) bytes += 2 * (name.length + value.length);
    this.bytes = bytes;
  }

  /** For a subscription that touches no stream. */
  get position(): string {
    return `${this.#boot}-${this.sequence}${this.#streams}`;
  }
}

/** What there is to catch up with. */
export interface Backlog {
  /** Something after the position may be missing. */
  readonly gap: boolean;
  readonly messages: Iterable<HeldMessage>;
}

/** The latest messages that no stream holds, bounded in number and bytes. Its part of a position is
 * `<boot>-<sequence>`: one from before a restart is known as such. */
export class History {
  readonly boot: string;
  /** What positions say of streams where none of them matters; empty or begins with a dot. */
  streams = '';
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  #held: (HeldMessage | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #sequence = 0;

  /** @param boot unlike that of any other run of a hub; without a hyphen. */
  constructor(boot: string, maxRecords: number, maxBytes: number) {
    this.boot = boot;
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#held.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of the latest message. */
  get sequence(): number {
    return this.#sequence;
  }

  add(message: Message, levels: readonly string[], scopes: readonly string[]): HeldMessage {
    const held = new HeldMessage(
      message,
      levels,
      ++this.#sequence,
      scopes,
      this.boot,
      this.streams,
    );
    if (this.#maxRecords === 0) return held;
    this.#held.push(held);
    this.#bytes += held.bytes;
    while (this.size > this.#maxRecords || (this.#bytes > this.#maxBytes && this.size > 0)) {
      this.#bytes -= this.#held[this.#head]!.bytes;
      this.#held[this.#head++] = undefined;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#held.length) {
      this.#held = this.#held.slice(this.#head);
      this.#head = 0;
    }
    return held;
  }

  /** What came after a position. For a position that this hub did not give (it was another run, or
   * it is no position at all) that is all there is, with a gap. */
  after(position: string): Backlog {
    const match = /^([^-.]+)-([0-9]{1,15})(?:\.|$)/.exec(position);
    const sequence = match === null ? Number.NaN : Number(match[2]);
    if (match === null || match[1] !== this.boot || sequence > this.#sequence) {
      return { gap: true, messages: this.#from(this.#head) };
    }
    const oldest = this.#sequence - this.size + 1;
    if (sequence < oldest - 1) return { gap: true, messages: this.#from(this.#head) };
    return { gap: false, messages: this.#from(this.#head + (sequence - oldest + 1)) };
  }

  all(): Backlog {
    return { gap: false, messages: this.#from(this.#head) };
  }

  *#from(index: number): Iterable<HeldMessage> {
    for (let at = index; at < this.#held.length; at++) yield this.#held[at]!;
  }
}
