import type { HeaderList } from '../../hub/header-list.ts';
import { copyBytes, type FrameWriter } from './frame-writer.ts';
import { Flag, FRAME_HEAD_BYTES, FrameType } from './frames.ts';
import { encodedBlock, encodeField, TABLE_SIZE_ZERO } from './hpack/encoder.ts';
import { staticFieldIndex, staticNameIndex } from './hpack/static-table.ts';

/** Literal without indexing, name by its static index (RFC 7541 section 6.2.2), one byte. */
const STATUS_NAME = staticNameIndex(':status');
/** The same for content-length, whose index needs two bytes. */
const CONTENT_LENGTH_NAME = staticNameIndex('content-length') - 15;

/** Status, content-length and the table size update. */
const OWN_FIELDS_BYTES = 32;

let dateBlock = new Uint8Array(0);
let dateMs = 0;

/** The encoded date field (RFC 9110 section 6.6.1), made once a second. */
function currentDate(): Uint8Array {
  const nowMs = Date.now();
  if (nowMs - dateMs >= 1_000 || nowMs < dateMs) {
    dateMs = nowMs - (nowMs % 1_000);
    const text = new Date(nowMs).toUTCString();
    const target = new Uint8Array(64);
    dateBlock = target.slice(0, encodeField('date', text, target, 0));
  }
  return dateBlock;
}

/** Static index of each status, 0 for none: one look for each response. */
const STATUS_INDEX = Uint8Array.from({ length: 1_000 }, (_, status) =>
  staticFieldIndex(':status', String(status)),
);

function writeStatus(status: number, target: Uint8Array, position: number): number {
  const index = STATUS_INDEX[status]!;
  if (index > 0) {
    target[position] = 0x80 | index;
    return position + 1;
  }
  target[position] = STATUS_NAME;
  target[position + 1] = 3;
  return writeDigits(status, 3, target, position + 2);
}

function writeDigits(value: number, digits: number, target: Uint8Array, position: number): number {
  let rest = value;
  for (let at = position + digits - 1; at >= position; at--) {
    const next = Math.floor(rest / 10);
    target[at] = 0x30 + rest - next * 10;
    rest = next;
  }
  return position + digits;
}

function writeContentLength(length: number, target: Uint8Array, position: number): number {
  let digits = 1;
  for (let power = 10; length >= power; power *= 10) digits++;
  target[position] = 0x0f;
  target[position + 1] = CONTENT_LENGTH_NAME;
  target[position + 2] = digits;
  return writeDigits(length, digits, target, position + 3);
}

export interface ResponseHead {
  readonly streamId: number;
  readonly status: number;
  readonly headers: HeaderList;
  /** Behind the others. */
  readonly extra: HeaderList | undefined;
  /** -1 to leave it out. */
  readonly contentLength: number;
  readonly endStream: boolean;
}

/** Writes the head of a final response; answers its size. `shrinkTable` announces, once, that we use no table. */
export function writeResponseHead(
  writer: FrameWriter,
  head: ResponseHead,
  maxFrameBytes: number,
  shrinkTable: boolean,
): number {
  const block = encodedBlock(head.headers);
  const extra = head.extra === undefined ? undefined : encodedBlock(head.extra);
  const date = currentDate();
  const most = OWN_FIELDS_BYTES + block.length + date.length + (extra?.length ?? 0);
  const inFrame = most <= maxFrameBytes;
  // A head past one frame is put together apart, and cut into CONTINUATION frames.
  const start = inFrame ? writer.reserve(FRAME_HEAD_BYTES + most) + FRAME_HEAD_BYTES : 0;
  const target = inFrame ? writer.target() : Buffer.allocUnsafe(most);
  let position = start;
  if (shrinkTable) target[position++] = TABLE_SIZE_ZERO;
  position = writeStatus(head.status, target, position);
  copyBytes(block, 0, block.length, target, position);
  position += block.length;
  if (extra !== undefined) {
    copyBytes(extra, 0, extra.length, target, position);
    position += extra.length;
  }
  if (head.contentLength >= 0) position = writeContentLength(head.contentLength, target, position);
  copyBytes(date, 0, date.length, target, position);
  position += date.length;
  if (!inFrame) {
    writer.headers(head.streamId, target.subarray(0, position), head.endStream, maxFrameBytes);
    return position;
  }
  const flags = head.endStream ? Flag.END_HEADERS | Flag.END_STREAM : Flag.END_HEADERS;
  writer.head(start - FRAME_HEAD_BYTES, position - start, FrameType.HEADERS, flags, head.streamId);
  writer.commit(position);
  return position - start;
}
