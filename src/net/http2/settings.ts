import { ConnectionError, ErrorCode } from './errors.ts';
import { uint32At } from './frames.ts';

/** Identifiers (RFC 9113 section 6.5.2, RFC 9218 section 2.1). */
const Setting = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
  NO_RFC7540_PRIORITIES: 0x9,
} as const;

const ENTRY_BYTES = 6;

/** Windows and frames before any SETTINGS. */
export const INITIAL_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES = 2_147_483_647;
/** Our SETTINGS_MAX_FRAME_SIZE, and the smallest that a client may set. */
export const MAX_FRAME_BYTES = 16_384;
const LARGEST_FRAME_BYTES = 16_777_215;

/** What the client asked for. */
export class PeerSettings {
  headerTableBytes = 4_096;
  initialWindowBytes = INITIAL_WINDOW_BYTES;
  maxFrameBytes = MAX_FRAME_BYTES;

  /** Takes a SETTINGS payload in. @throws ConnectionError */
  apply(bytes: Uint8Array, start: number, end: number): void {
    if ((end - start) % ENTRY_BYTES !== 0) {
      throw new ConnectionError(
        ErrorCode.FRAME_SIZE_ERROR,
        `SETTINGS of ${end - start} bytes; expected a multiple of ${ENTRY_BYTES}.`,
      );
    }
    for (let at = start; at < end; at += ENTRY_BYTES) {
      this.#set((bytes[at]! << 8) | bytes[at + 1]!, uint32At(bytes, at + 2));
    }
  }

  #set(identifier: number, value: number): void {
    switch (identifier) {
      case Setting.HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        break;
      case Setting.ENABLE_PUSH:
        if (value > 1) throw refused('ENABLE_PUSH', value, ErrorCode.PROTOCOL_ERROR);
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES) {
          throw refused('INITIAL_WINDOW_SIZE', value, ErrorCode.FLOW_CONTROL_ERROR);
        }
        this.initialWindowBytes = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < MAX_FRAME_BYTES || value > LARGEST_FRAME_BYTES) {
          throw refused('MAX_FRAME_SIZE', value, ErrorCode.PROTOCOL_ERROR);
        }
        this.maxFrameBytes = value;
        break;
      default:
        // Others do not concern a server, or are unknown and ignored (RFC 9113 section 6.5.2).
        break;
    }
  }
}

function refused(name: string, value: number, code: number): ConnectionError {
  return new ConnectionError(code, `SETTINGS_${name} is ${value}, which is out of its range.`);
}

export interface OwnSettings {
  readonly tableBytes: number;
  readonly maxStreams: number;
  readonly windowBytes: number;
  readonly maxListBytes: number;
}

/** Payload of our SETTINGS frame. */
export function settingsPayload(settings: OwnSettings): Buffer {
  const entries: readonly (readonly [number, number])[] = [
    [Setting.HEADER_TABLE_SIZE, settings.tableBytes],
    [Setting.MAX_CONCURRENT_STREAMS, settings.maxStreams],
    [Setting.INITIAL_WINDOW_SIZE, settings.windowBytes],
    [Setting.MAX_FRAME_SIZE, MAX_FRAME_BYTES],
    [Setting.MAX_HEADER_LIST_SIZE, settings.maxListBytes],
    [Setting.NO_RFC7540_PRIORITIES, 1],
  ];
  const payload = Buffer.alloc(entries.length * ENTRY_BYTES);
  entries.forEach(([identifier, value], index) => {
    payload.writeUInt16BE(identifier, index * ENTRY_BYTES);
    payload.writeUInt32BE(value, index * ENTRY_BYTES + 2);
  });
  return payload;
}
