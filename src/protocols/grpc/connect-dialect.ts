import { type HeaderList, headerList } from '../../hub/header-list.ts';
import type { BodyWriter, Exchange } from '../../hub/transport.ts';
import type { Fault } from '../../model/fault.ts';
import { ACCEPTED_CODINGS } from './compression.ts';
import type { Dialect, Ending } from './dialect.ts';
import { EnvelopeFlag, envelope } from './envelope.ts';
import { connectCode } from './faults.ts';
import { connectDeadline } from './metadata.ts';
import type { PayloadForm } from './method.ts';
import { type DetailTypes, detailsOf, unpadded } from './status.ts';

export interface ConnectError {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly object[];
}

/** A fault in Connect's JSON (https://connectrpc.com/docs/protocol#error-end-stream). */
export function connectError(fault: Fault, types: DetailTypes, maxBytes: number): ConnectError {
  const details = detailsOf(fault, types, maxBytes).map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1),
    value: unpadded(value),
  }));
  return {
    code: connectCode(fault.code),
    ...(fault.message === '' ? {} : { message: fault.message }),
    ...(details.length === 0 ? {} : { details }),
  };
}

/** Connect's streams (https://connectrpc.com/docs/protocol#streaming-rpcs). */
export class ConnectDialect implements Dialect {
  readonly form: PayloadForm;
  readonly text = false;
  readonly encodingHeader = 'connect-content-encoding';
  readonly acceptEncodingHeader = 'connect-accept-encoding';
  readonly malformedIs = 'INVALID_ARGUMENT';
  readonly deadline = connectDeadline;
  readonly headers: HeaderList;
  readonly gzipHeaders: HeaderList;

  constructor(contentType: string, form: PayloadForm) {
    this.form = form;
    this.headers = headerList(
      'content-type',
      contentType,
      'connect-accept-encoding',
      ACCEPTED_CODINGS,
    );
    this.gzipHeaders = this.headers.with('connect-content-encoding', 'gzip');
  }

  frame(bytes: Buffer): Uint8Array {
    return bytes;
  }

  end(writer: BodyWriter, ending: Ending): void {
    writer.write(endOfStream(ending));
    writer.end();
  }

  refuse(exchange: Exchange, ending: Ending): void {
    exchange.respond(200, this.headers, endOfStream(ending));
  }
}

function endOfStream({ fault, details, metadata, maxDetailsBytes }: Ending): Buffer {
  const values: Record<string, string[]> = {};
  for (let index = 0; index < metadata.length; index += 2) {
    (values[metadata[index]!] ??= []).push(metadata[index + 1]!);
  }
  const end = {
    ...(fault === undefined ? {} : { error: connectError(fault, details, maxDetailsBytes) }),
    ...(metadata.length === 0 ? {} : { metadata: values }),
  };
  return envelope(Buffer.from(JSON.stringify(end)), EnvelopeFlag.CONNECT_END);
}
