import type { Connection } from '../../hub/transport.ts';
import { PACKET } from './wire/packet-types.ts';
import { ackWithReason } from './wire/write-packets.ts';

const ACK_BYTES = 4;
const FIRST_BYTES = 64;
const MAX_BYTES = 16_384;

/** PUBACK, PUBREC, PUBREL and PUBCOMP of one turn, as one write. */
export class AckBatch {
  readonly #connection: Connection;
  #bytes = Buffer.alloc(0);
  #at = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param reason other than 0 for clients of MQTT 5 only */
  add(type: number, packetId: number, reason: number, text: string | undefined): void {
    if (reason !== 0) {
      this.flush();
      this.#connection.write(ackWithReason(type, packetId, reason, text));
      return;
    }
    if (this.#at + ACK_BYTES > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = (type << 4) | (type === PACKET.PUBREL ? 2 : 0);
    bytes[at + 1] = 2;
    bytes[at + 2] = packetId >> 8;
    bytes[at + 3] = packetId & 0xff;
    this.#at = at + ACK_BYTES;
  }

  flush(): void {
    if (this.#at === 0) return;
    // The bytes are the connection's from now on.
    const bytes = this.#bytes.subarray(0, this.#at);
    this.#bytes = this.#bytes.subarray(this.#at);
    this.#at = 0;
    this.#connection.write(bytes);
  }

  #grow(): void {
    const size = Math.min(MAX_BYTES, Math.max(FIRST_BYTES, 4 * this.#at));
    if (this.#at >= MAX_BYTES) this.flush();
    const grown = Buffer.allocUnsafe(Math.max(size, this.#at + ACK_BYTES));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
