import { type HeaderList, headerList } from '../../hub/header-list.ts';
import type { BodyWriter, Exchange } from '../../hub/transport.ts';
import { ACCEPTED_CODINGS } from './compression.ts';
import type { Dialect, Ending } from './dialect.ts';
import { EnvelopeFlag, envelope } from './envelope.ts';
import { statusFields } from './grpc-dialect.ts';
import { grpcDeadline } from './metadata.ts';
import type { PayloadForm } from './method.ts';

/**
 * gRPC-Web (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md): what gRPC says in
 * trailers is the last frame of the body, and so works over HTTP/1.1 and in browsers. In its text
 * form every frame is base64 by itself.
 */
export class WebDialect implements Dialect {
  readonly form: PayloadForm;
  readonly text: boolean;
  readonly encodingHeader = 'grpc-encoding';
  readonly acceptEncodingHeader = 'grpc-accept-encoding';
  readonly malformedIs = 'INTERNAL';
  readonly deadline = grpcDeadline;
  readonly headers: HeaderList;
  readonly gzipHeaders: HeaderList;

  constructor(contentType: string, form: PayloadForm) {
    this.form = form;
    this.text = contentType.includes('-text');
    this.headers = headerList(
      'content-type',
      contentType,
      'grpc-accept-encoding',
      ACCEPTED_CODINGS,
    );
    this.gzipHeaders = this.headers.with('grpc-encoding', 'gzip');
  }

  frame(bytes: Buffer): Uint8Array | string {
    return this.text ? bytes.toString('base64') : bytes;
  }

  end(writer: BodyWriter, ending: Ending): void {
    writer.write(this.#trailers(ending));
    writer.end();
  }

  refuse(exchange: Exchange, ending: Ending): void {
    exchange.respond(200, this.headers, this.#trailers(ending));
  }

  #trailers(ending: Ending): Uint8Array | string {
    const fields = statusFields(ending);
    let text = '';
    for (let index = 0; index < fields.length; index += 2) {
      text += `${fields[index]}: ${fields[index + 1]}\r\n`;
    }
    return this.frame(envelope(Buffer.from(text), EnvelopeFlag.WEB_TRAILERS));
  }
}
