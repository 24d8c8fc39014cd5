import { ConnectionError, ErrorCode } from './errors.ts';

/** A header block that CONTINUATION frames continue (RFC 9113 section 6.10). */
export class HeaderBlock {
  readonly #maxBytes: number;
  readonly #maxContinuations: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #continuations = 0;
  /** Stream that the block belongs to; 0 when none is open. */
  streamId = 0;
  endStream = false;
  selfDependent = false;

  constructor(maxBytes: number, maxContinuations: number) {
    this.#maxBytes = maxBytes;
    this.#maxContinuations = maxContinuations;
  }

  /** @throws ConnectionError for a fragment past the limit */
  begin(streamId: number, endStream: boolean, selfDependent: boolean, fragment: Buffer): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.selfDependent = selfDependent;
    this.#continuations = 0;
    this.#add(fragment);
  }

  /** @throws ConnectionError for a block past its limits (CVE-2024-27316 and its kin) */
  continue(fragment: Buffer): void {
    if (++this.#continuations > this.#maxContinuations) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `A header block in more than ${this.#maxContinuations} CONTINUATION frames.`,
      );
    }
    this.#add(fragment);
  }

  /** The whole block; none is open after it. */
  end(): Buffer {
    const block = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    this.streamId = 0;
    return block;
  }

  #add(fragment: Buffer): void {
    this.#bytes += fragment.length;
    if (this.#bytes > this.#maxBytes) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `A header block of more than ${this.#maxBytes} bytes.`,
      );
    }
    this.#pieces.push(Buffer.from(fragment));
  }
}
