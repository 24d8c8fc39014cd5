import { type HeaderList, headerList } from '../../hub/header-list.ts';
import type { BodyWriter, Exchange } from '../../hub/transport.ts';
import { FAULT_CODES } from '../../model/fault.ts';
import { ACCEPTED_CODINGS } from './compression.ts';
import type { Dialect, Ending } from './dialect.ts';
import { grpcDeadline, percentEncoded, withMetadata } from './metadata.ts';
import type { PayloadForm } from './method.ts';
import { detailsOf, statusBytes, unpadded } from './status.ts';

/** name, value, ... of how a call ended. */
export function statusFields(ending: Ending): string[] {
  const { fault, metadata } = ending;
  if (fault === undefined) return ['grpc-status', '0', ...metadata];
  const fields = ['grpc-status', String(FAULT_CODES[fault.code].number)];
  if (fault.message !== '') fields.push('grpc-message', percentEncoded(fault.message));
  const details = detailsOf(fault, ending.details, ending.maxDetailsBytes);
  if (details.length > 0) {
    fields.push('grpc-status-details-bin', unpadded(statusBytes(fault, details)));
  }
  return [...fields, ...metadata];
}

const OK = headerList('grpc-status', '0');

/** gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
export class GrpcDialect implements Dialect {
  readonly form: PayloadForm;
  readonly text = false;
  readonly encodingHeader = 'grpc-encoding';
  readonly acceptEncodingHeader = 'grpc-accept-encoding';
  readonly malformedIs = 'INTERNAL';
  readonly deadline = grpcDeadline;
  readonly headers: HeaderList;
  readonly gzipHeaders: HeaderList;

  constructor(contentType: string, form: PayloadForm) {
    this.form = form;
    this.headers = headerList(
      'content-type',
      contentType,
      'grpc-accept-encoding',
      ACCEPTED_CODINGS,
    );
    this.gzipHeaders = this.headers.with('grpc-encoding', 'gzip');
  }

  frame(bytes: Buffer): Uint8Array {
    return bytes;
  }

  end(writer: BodyWriter, ending: Ending): void {
    const plain = ending.fault === undefined && ending.metadata.length === 0;
    writer.end(plain ? OK : headerList(...statusFields(ending)));
  }

  refuse(exchange: Exchange, ending: Ending): void {
    exchange.respond(200, withMetadata(this.headers, statusFields(ending)));
  }
}
