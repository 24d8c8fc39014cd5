/**
 * Packet identifiers of QoS 2 messages that came from a client and are not released (MQTT 5.0
 * section 4.3.3): what comes with one of them is the same message again.
 */
export class ReceivedIds {
  /** Whether the hub has accepted the message. */
  readonly #ids = new Map<number, boolean>();
  /** Came again before the hub had accepted it. */
  readonly #asked = new Set<number>();
  /** Sends a PUBREC on the connection that the session has now. */
  confirm: ((packetId: number) => void) | undefined;

  get size(): number {
    return this.#ids.size;
  }

  has(packetId: number): boolean {
    return this.#ids.has(packetId);
  }

  add(packetId: number): void {
    this.#ids.set(packetId, false);
  }

  /** The message came again. */
  again(packetId: number): void {
    if (this.#ids.get(packetId) === true) this.confirm?.(packetId);
    else this.#asked.add(packetId);
  }

  accepted(packetId: number): void {
    this.#ids.set(packetId, true);
    if (this.#asked.delete(packetId)) this.confirm?.(packetId);
  }

  /** Answers whether it was there. */
  delete(packetId: number): boolean {
    this.#asked.delete(packetId);
    return this.#ids.delete(packetId);
  }
}
