import { Meter } from '../../src/hub/diagnostics.ts';
import { headerList } from '../../src/hub/header-list.ts';
import type { Connection, Peer, Receiver } from '../../src/hub/transport.ts';
import type { RoutableExchange } from '../../src/net/http/context.ts';
import { createHttp2Connection } from '../../src/net/http2/connection.ts';
import { encodeFields } from '../../src/net/http2/hpack/encoder.ts';
import { NO_LOGGER } from '../../src/net/logger.ts';
import { completeNetOptions } from '../../src/net/options.ts';
import { Ticker, type Ticking } from '../../src/net/ticker.ts';

export interface Frame {
  readonly type: string;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

const TYPES = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
];

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** A frame as bytes, written here by the RFC's layout and not by the server's writer. */
export function frame(
  type: string,
  flags: number,
  id: number,
  payload: Uint8Array | string = '',
): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = TYPES.includes(type) ? TYPES.indexOf(type) : Number(type);
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, bytes]);
}

/** SETTINGS entries: identifier, value, ... */
export function settings(...entries: number[]): Buffer {
  const payload = Buffer.alloc((entries.length / 2) * 6);
  for (let index = 0; index < entries.length; index += 2) {
    payload.writeUInt16BE(entries[index]!, index * 3);
    payload.writeUInt32BE(entries[index + 1]!, index * 3 + 2);
  }
  return frame('SETTINGS', 0, 0, payload);
}

export function number(type: string, id: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(type, 0, id, payload);
}

const REQUEST = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'localhost'];

/** A header block: a plain GET changed by `changes` (undefined leaves a field out), then `more`. */
export function block(
  changes: Record<string, string | undefined> = {},
  ...more: string[]
): Uint8Array {
  const fields: string[] = [];
  for (let index = 0; index < REQUEST.length; index += 2) {
    const name = REQUEST[index]!;
    const value = name in changes ? changes[name] : REQUEST[index + 1];
    if (value !== undefined) fields.push(name, value);
  }
  return encodeFields([...fields, ...more]);
}

/** A whole GET, or with `flags` 0x4 the head of a POST. */
export function request(id: number, flags = 0x5, ...more: string[]): Buffer {
  return frame(
    'HEADERS',
    flags,
    id,
    block({ ':method': (flags & 1) === 0 ? 'POST' : 'GET' }, ...more),
  );
}

const OK = headerList('x-test', 'yes');

/** The server's end of a connection without a socket: what a test sends, and what it gets back. */
export class RawPeer implements Connection {
  readonly peer: Peer = { address: '127.0.0.1', port: 1, transport: 'tcp', secure: false };
  readonly local = undefined;
  readonly meter = new Meter('http');
  readonly ticker = new Ticker(1_000_000);
  readonly exchanges: RoutableExchange[] = [];
  readonly receiver: Receiver;
  /** Called for each request; answers 200 with a small body unless a test changes it. */
  handle: (exchange: RoutableExchange) => void = (exchange) => exchange.respond(200, OK, 'ok');
  queuedBytes = 0;
  /** What `write` answers. */
  writable = true;
  paused = false;
  endedByServer = false;
  destroyed = false;
  #written: Buffer[] = [];
  /** Writes since the last look. */
  writes = 0;

  constructor(options: Parameters<typeof completeNetOptions>[0] = {}, greet = true) {
    this.receiver = createHttp2Connection(this, {
      dispatch: (exchange) => {
        this.exchanges.push(exchange);
        this.handle(exchange);
      },
      options: completeNetOptions(options),
      meter: this.meter,
      ticker: this.ticker,
      logger: NO_LOGGER,
      draining: false,
    });
    this.ticker.stop();
    if (greet) {
      this.send(PREFACE, settings(), frame('SETTINGS', 1, 0));
      this.frames();
    }
  }

  write(chunk: string | Uint8Array): boolean {
    this.writes++;
    this.#written.push(Buffer.from(chunk as Uint8Array));
    return this.writable;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.endedByServer = true;
  }

  destroy(): void {
    this.destroyed = true;
    this.endedByServer = true;
  }

  /** One read with these bytes, whose buffer is overwritten behind it. */
  send(...bytes: readonly Uint8Array[]): this {
    const read = Buffer.concat(bytes);
    this.receiver.data(read);
    read.fill(0xee);
    return this;
  }

  tick(laterMs: number): void {
    this.ticker.nowMs += laterMs;
    (this.receiver as Receiver & Ticking).tick(this.ticker.nowMs);
  }

  /** Frames written since the last look. */
  frames(): Frame[] {
    const bytes = Buffer.concat(this.#written.splice(0));
    this.writes = 0;
    const frames: Frame[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUIntBE(at, 3);
      frames.push({
        type: TYPES[bytes[at + 3]!]!,
        flags: bytes[at + 4]!,
        id: bytes.readUInt32BE(at + 5),
        payload: bytes.subarray(at + 9, at + 9 + length),
      });
      at += 9 + length;
    }
    return frames;
  }

  /** Frames in short: `HEADERS 1`, `RST_STREAM 1 8`, `GOAWAY 1`, `DATA 1 2 end`. */
  summary(): string[] {
    return this.frames().map(({ type, flags, id, payload }) => {
      switch (type) {
        case 'RST_STREAM':
          return `${type} ${id} ${payload.readUInt32BE(0)}`;
        case 'WINDOW_UPDATE':
          return `${type} ${id} ${payload.readUInt32BE(0)}`;
        case 'GOAWAY':
          return `${type} ${payload.readUInt32BE(4)}`;
        case 'DATA':
          return `${type} ${id} ${payload.length}${(flags & 1) === 0 ? '' : ' end'}`;
        case 'HEADERS':
          return `${type} ${id}${(flags & 1) === 0 ? '' : ' end'}`;
        default:
          return (flags & 1) === 0 ? type : `${type} ack`;
      }
    });
  }
}
