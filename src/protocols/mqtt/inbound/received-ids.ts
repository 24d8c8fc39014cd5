import type { IncomingRecord, StoredReceipt } from '../durable/session-record.ts';

interface Receipt extends StoredReceipt {
  /**
   * `pending`: the hub has not accepted it yet. `accepted`: what comes with this identifier is the
   * same again. `unknown`: it came before the hub was started anew.
   */
  state: 'pending' | 'accepted' | 'unknown';
  /** It came again while it was pending. */
  asked: boolean;
}

/**
 * Messages of QoS 2 that came from a client and are not released (MQTT 5.0 section 4.3.3): what
 * comes with the packet identifier of one is the same message again.
 */
export class ReceivedIds {
  readonly #receipts = new Map<number, Receipt>();
  /** Sends a PUBREC on the connection that the session has now. */
  confirm: ((packetId: number) => void) | undefined;
  /** Something changed that is not kept yet. */
  dirty = false;

  get size(): number {
    return this.#receipts.size;
  }

  add(packetId: number, messageId: string, subject: string, timeMs: number): void {
    this.dirty = true;
    this.#receipts.set(packetId, {
      packetId,
      messageId,
      subject,
      timeMs,
      state: 'pending',
      asked: false,
    });
  }

  /**
   * A message came. Undefined where it is new. Otherwise it is here, and where nobody knows whether
   * it was accepted what is known of it is answered: it is pending from now on.
   */
  again(packetId: number): 'here' | StoredReceipt | undefined {
    const receipt = this.#receipts.get(packetId);
    if (receipt === undefined) return undefined;
    if (receipt.state === 'unknown') {
      receipt.state = 'pending';
      return receipt;
    }
    if (receipt.state === 'accepted') this.confirm?.(packetId);
    else receipt.asked = true;
    return 'here';
  }

  accepted(packetId: number): void {
    const receipt = this.#receipts.get(packetId);
    if (receipt === undefined) return;
    receipt.state = 'accepted';
    if (receipt.asked) this.confirm?.(packetId);
    receipt.asked = false;
  }

  /** Answers whether it was there. */
  delete(packetId: number): boolean {
    this.dirty = true;
    return this.#receipts.delete(packetId);
  }

  record(): IncomingRecord {
    this.dirty = false;
    const receipts = [...this.#receipts.values()];
    return {
      receipts: receipts.map(({ packetId, messageId, subject, timeMs }) => ({
        packetId,
        messageId,
        subject,
        timeMs,
      })),
    };
  }

  restore({ receipts }: IncomingRecord): void {
    for (const receipt of receipts) {
      this.#receipts.set(receipt.packetId, { ...receipt, state: 'unknown', asked: false });
    }
  }
}
