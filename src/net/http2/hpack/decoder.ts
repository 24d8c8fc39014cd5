import { ConnectionError, ErrorCode } from '../errors.ts';
import { HeaderField } from '../header-field.ts';
import { DynamicTable } from './dynamic-table.ts';
import { huffmanDecode } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

const STATIC_FIELDS = STATIC_TABLE.map(([name, value]) => new HeaderField(name, value));
const STATIC_COUNT = STATIC_FIELDS.length;

/** Size of the dynamic table before any SETTINGS (RFC 9113 section 6.5.2). */
export const INITIAL_TABLE_BYTES = 4_096;

let scratch = Buffer.allocUnsafeSlow(16_384);

export interface DecoderLimits {
  /** Size of a decoded list: its names, values and 32 for each field (SETTINGS_MAX_HEADER_LIST_SIZE). */
  readonly maxListBytes: number;
  readonly maxFields: number;
}

/**
 * Decodes header blocks (RFC 7541). One for each connection: the dynamic table is shared state
 * with the peer's encoder, so every block must be decoded, also that of a refused stream.
 */
export class Decoder {
  readonly #limits: DecoderLimits;
  readonly #table = new DynamicTable(INITIAL_TABLE_BYTES);
  #maxTableBytes = INITIAL_TABLE_BYTES;
  /** The peer has to shrink its table at the start of the next block. */
  #resizeDue = false;
  #bytes: Buffer = scratch;
  #position = 0;
  #end = 0;

  constructor(limits: DecoderLimits) {
    this.#limits = limits;
  }

  /** Size of the dynamic table now, for figures and tests. */
  get tableBytes(): number {
    return this.#table.bytes;
  }

  /** The peer knows our SETTINGS_HEADER_TABLE_SIZE from now on. */
  setMaxTableBytes(maxBytes: number): void {
    this.#maxTableBytes = maxBytes;
    this.#resizeDue = this.#table.maxBytes > maxBytes;
  }

  /**
   * Adds the block's fields to `out`. Answers false when the list is past a limit: the rest is
   * decoded for the table's sake and dropped.
   * @throws ConnectionError COMPRESSION_ERROR
   */
  decode(bytes: Buffer, start: number, end: number, out: HeaderField[]): boolean {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
    let left = this.#limits.maxListBytes;
    this.#resize();
    while (this.#position < end) {
      const field = this.#field();
      left -= field.listBytes;
      if (left >= 0 && out.length < this.#limits.maxFields) out.push(field);
      else left = -1;
    }
    return left >= 0;
  }

  /** Size updates stand at the start of a block and nowhere else (RFC 7541 section 4.2). */
  #resize(): void {
    while (this.#position < this.#end && (this.#bytes[this.#position]! & 0xe0) === 0x20) {
      const size = this.#integer(0x1f);
      if (size > this.#maxTableBytes) throw compressionError('a table larger than we allow');
      this.#table.resize(size);
      this.#resizeDue = false;
    }
    if (this.#resizeDue) throw compressionError('no size update after SETTINGS shrank the table');
  }

  #field(): HeaderField {
    const first = this.#bytes[this.#position]!;
    if (first >= 0x80) return this.#indexed(this.#integer(0x7f));
    if (first >= 0x40) {
      const field = this.#literal(0x3f);
      this.#table.add(field);
      return field;
    }
    if (first >= 0x20) throw compressionError('a size update between fields');
    return this.#literal(0x0f);
  }

  #indexed(index: number): HeaderField {
    const field =
      index <= STATIC_COUNT ? STATIC_FIELDS[index - 1] : this.#table.at(index - STATIC_COUNT - 1);
    if (field === undefined) throw compressionError(`index ${index}, which no entry has`);
    return field;
  }

  #literal(mask: number): HeaderField {
    const index = this.#integer(mask);
    const name = index === 0 ? this.#text() : this.#indexed(index).name;
    return new HeaderField(name, this.#text());
  }

  /** An integer whose first bits are the low bits of the next byte (RFC 7541 section 5.1). */
  #integer(mask: number): number {
    const bytes = this.#bytes;
    let value = bytes[this.#position++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#position >= this.#end) throw compressionError('an integer that is cut off');
      const byte = bytes[this.#position++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw compressionError('an integer that is too large');
  }

  #text(): string {
    if (this.#position >= this.#end) throw compressionError('a field that is cut off');
    const huffman = this.#bytes[this.#position]! >= 0x80;
    const length = this.#integer(0x7f);
    const start = this.#position;
    const end = start + length;
    if (end > this.#end) throw compressionError('a string that is cut off');
    this.#position = end;
    if (!huffman) return latin1(this.#bytes, start, end);
    // The shortest code has 5 bits.
    const most = Math.ceil((length * 8) / 5);
    if (scratch.length < most) scratch = Buffer.allocUnsafeSlow(most);
    const decoded = huffmanDecode(this.#bytes, start, end, scratch);
    if (decoded < 0) throw compressionError('a string that is no Huffman code');
    return latin1(scratch, 0, decoded);
  }
}

function compressionError(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, `A header block has ${what}.`);
}

/** What `toString('latin1')` calls in the end, which costs half as much for short texts. */
function latin1(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & { latin1Slice(start: number, end: number): string }).latin1Slice(
    start,
    end,
  );
}
