import type { HeaderList } from '../../hub/header-list.ts';
import type { BodyWriter, Exchange } from '../../hub/transport.ts';
import type { Fault } from '../../model/fault.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { PayloadForm } from './method.ts';
import type { DetailTypes } from './status.ts';

/** What an answer ends with: nothing but success, or a fault, and metadata that came late. */
export interface Ending {
  readonly fault: Fault | undefined;
  readonly details: DetailTypes;
  /** name, value, name, value, ... */
  readonly metadata: readonly string[];
  readonly maxDetailsBytes: number;
}

/**
 * What gRPC, gRPC-Web and Connect's streams do differently; all of them carry length-prefixed
 * messages in both directions.
 */
export interface Dialect {
  readonly form: PayloadForm;
  /** Bytes of the body are base64. */
  readonly text: boolean;
  readonly encodingHeader: string;
  readonly acceptEncodingHeader: string;
  deadline(headers: Metadata): number | undefined;
  /** Of a response with messages. */
  readonly headers: HeaderList;
  readonly gzipHeaders: HeaderList;
  /** A message as it goes out. */
  frame(bytes: Buffer): Uint8Array | string;
  /** Ends a response with messages. */
  end(writer: BodyWriter, ending: Ending): void;
  /** A whole response without messages, which only tells a fault. */
  refuse(exchange: Exchange, ending: Ending): void;
  /** What malformed bytes are, for clients of this protocol. */
  readonly malformedIs: 'INTERNAL' | 'INVALID_ARGUMENT';
}
