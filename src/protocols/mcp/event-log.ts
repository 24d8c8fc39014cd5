import type { BodyWriter } from '../../hub/transport.ts';
import { eventText } from '../../wire/event-stream.ts';

interface Kept {
  readonly sequence: number;
  readonly text: string;
}

/**
 * One event stream of a session: what is sent on it has ids, and is kept for a while, so that a
 * client whose connection broke goes on where it was (revision 2025-11-25, "Resumability and
 * Redelivery").
 */
export class EventLog {
  readonly number: number;
  /** Characters that are kept. */
  keptLength = 0;
  #kept: Kept[] = [];
  #sequence = 0;
  /** The last event that is not kept any more. */
  #lost = 0;
  #ended = false;
  #writer: BodyWriter | undefined;

  constructor(number: number) {
    this.number = number;
  }

  /** Whether a client receives it now. */
  get attached(): boolean {
    return this.#writer !== undefined && !this.#writer.closed;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends JSON text. Answers false when the client reads too slowly. */
  send(json: string): boolean {
    this.#sequence++;
    const text = this.#eventText(this.#sequence, json);
    this.#kept.push({ sequence: this.#sequence, text });
    this.keptLength += text.length;
    return this.attached ? this.#writer!.write(text) : true;
  }

  drained(): Promise<void> {
    return this.attached ? this.#writer!.drained() : Promise.resolve();
  }

  /**
   * Sends to this writer from now on, and first an id to resume from, or what came after `after`.
   * Answers the writer that it had before.
   */
  attach(writer: BodyWriter, after?: number): BodyWriter | undefined {
    const before = this.#writer;
    this.#writer = writer;
    if (after === undefined) writer.write(this.#eventText(this.#sequence, ''));
    for (const { sequence, text } of this.#kept) {
      if (sequence > (after ?? this.#sequence)) writer.write(text);
    }
    if (this.#ended) writer.end();
    return before;
  }

  /** The client's connection is gone, or it is told to go. */
  detach(writer: BodyWriter): void {
    if (this.#writer === writer) this.#writer = undefined;
  }

  /** Whether everything after an event is kept. */
  reaches(after: number): boolean {
    return after >= this.#lost && after <= this.#sequence;
  }

  end(): void {
    this.#ended = true;
    if (this.attached) this.#writer!.end();
  }

  /** Lets go of what was kept, the oldest first, until no more than this is. */
  trim(length: number): void {
    let count = 0;
    while (this.keptLength > length) {
      const { sequence, text } = this.#kept[count++]!;
      this.keptLength -= text.length;
      this.#lost = sequence;
    }
    if (count > 0) this.#kept = this.#kept.slice(count);
  }

  #eventText(sequence: number, data: string): string {
    return eventText({ id: `${this.number}-${sequence}`, data });
  }
}

/** Which stream and event a `Last-Event-ID` names; undefined for text of another form. */
export function parseEventId(
  text: string,
): { readonly log: number; readonly after: number } | undefined {
  const match = /^([0-9]{1,15})-([0-9]{1,15})$/.exec(text);
  return match === null ? undefined : { log: Number(match[1]), after: Number(match[2]) };
}
