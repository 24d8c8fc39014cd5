import type { Delivery } from '../../../model/message.ts';
import type { Source } from '../delivering/source.ts';
import { OWES, Window } from '../delivering/window.ts';
import type { OutgoingRecord, StoredPacket } from './session-record.ts';

/**
 * Packets that were in flight when the hub was stopped. Their messages are read again with those
 * that follow; this knows which ones the client has, and which identifiers the others had.
 */
export class Restored {
  readonly #packets = new Map<string, StoredPacket>();
  readonly #window: Window;

  constructor(record: OutgoingRecord, window: Window) {
    this.#window = window;
    window.restore(record.oldest, record.next);
    for (const packet of record.packets) {
      const [sequence, owes, label, messageId] = packet;
      // At QoS 1 the message may come once more, with another identifier.
      if (owes === OWES.PUBACK) continue;
      if (sequence >= record.oldest) window.owe(sequence, owes);
      this.#packets.set(keyOf(label, messageId), packet);
    }
    window.trim();
  }

  get size(): number {
    return this.#packets.size;
  }

  /** Those that were not seen yet. */
  packets(): Iterable<StoredPacket> {
    return this.#packets.values();
  }

  /** Answers the sequence number of a delivery that is to be sent again, `received` for one that the
   * client has and that waits to be released, `done` for one that is done, undefined for a new one. */
  take(source: Source, delivery: Delivery): number | 'received' | 'done' | undefined {
    const key = keyOf(source.label, delivery.message.id);
    const packet = this.#packets.get(key);
    if (packet === undefined) return undefined;
    const [sequence, owes] = packet;
    if (owes === OWES.NOTHING) return 'done';
    this.#packets.delete(key);
    if (this.#window.owes(sequence) === OWES.NOTHING) return 'done';
    this.#window.attach(sequence, delivery, source);
    return owes === OWES.PUBREC ? sequence : 'received';
  }

  /** Everything has been read again: gives up what did not come. Answers the identifiers of packets
   * that the client may still wait to be released. */
  finish(): number[] {
    const gone: number[] = [];
    for (const [sequence, owes] of this.#packets.values()) {
      if (owes !== OWES.PUBREC || this.#window.owes(sequence) === OWES.NOTHING) continue;
      gone.push(Window.idOf(sequence));
      this.#window.received(sequence);
    }
    return gone;
  }
}

function keyOf(label: string, messageId: string): string {
  return `${label}\n${messageId}`;
}
