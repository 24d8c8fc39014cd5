import { randomUUID } from 'node:crypto';
import { Fault } from '../../model/fault.ts';
import { type MediaType, parseMediaType } from '../../wire/content-negotiation.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import type { SoapVersion } from './envelope.ts';
import { type Part, parseMultipart } from './multipart.ts';
import { XOP } from './namespaces.ts';
import { requireTextOnly } from './types/element-rules.ts';
import { Misfit, shown } from './types/misfit.ts';
import type { AttachmentSink, IncludeSource } from './types/xml-type.ts';

/** A message and its attachments, taken apart (MTOM and XOP 1.0). */
export interface Package {
  /** The XML document. */
  readonly root: Buffer;
  readonly charset: string | undefined;
  readonly includes: IncludeSource;
}

/**
 * @param media of the whole message: multipart/related
 * @throws Fault INVALID_ARGUMENT for a package that is not one
 */
export function openPackage(body: Buffer, media: MediaType, maxAttachments: number): Package {
  const { parameters } = media;
  const parts = parseMultipart(body, parameters.get('boundary') ?? '', maxAttachments + 1);
  const start = parameters.get('start');
  const root =
    start === undefined
      ? parts[0]
      : parts.find(({ headers }) => sameId(headers.get('content-id'), start));
  if (root === undefined) throw broken('has no root part');
  const rootMedia = parseMediaType(root.headers.get('content-type') ?? '');
  if (rootMedia?.type !== 'application/xop+xml') {
    throw broken('has a root part that is not application/xop+xml');
  }
  return {
    root: contentOf(root),
    charset: rootMedia.parameters.get('charset'),
    includes: new Attachments(parts.filter((part) => part !== root)),
  };
}

class Attachments implements IncludeSource {
  readonly #byId = new Map<string, Part>();

  constructor(parts: readonly Part[]) {
    for (const part of parts) {
      const id = part.headers.get('content-id');
      if (id === undefined) throw broken('has an attachment without a Content-ID');
      if (this.#byId.has(bareId(id))) throw broken('has two attachments of one Content-ID');
      this.#byId.set(bareId(id), part);
    }
  }

  take(include: XmlElement): string {
    requireTextOnly(include);
    const reference = include.attribute('href');
    const id = reference?.startsWith('cid:') ? decoded(reference.slice(4)) : undefined;
    const part = id === undefined ? undefined : this.#byId.get(id);
    if (part === undefined) {
      throw new Misfit(include, 'the cid: of an attachment', shown(reference ?? 'nothing'));
    }
    // Once only: a small message must not become a large value.
    this.#byId.delete(id!);
    return contentOf(part).toString('base64');
  }
}

/** The bytes of a part; encodings for mail are not for HTTP. */
function contentOf(part: Part): Buffer {
  const encoding = part.headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary';
  if (encoding === 'binary' || encoding === '8bit' || encoding === '7bit') return part.body;
  throw broken(`has a part in the transfer encoding ${JSON.stringify(encoding.slice(0, 40))}`);
}

function bareId(id: string): string {
  return id.startsWith('<') && id.endsWith('>') ? id.slice(1, -1) : id;
}

function sameId(id: string | undefined, other: string): boolean {
  return id !== undefined && bareId(id) === bareId(other);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // No escape of UTF-8: it names nothing.
    return undefined;
  }
}

function broken(reason: string): Fault {
  return new Fault('INVALID_ARGUMENT', `The MTOM message ${reason}.`);
}

/** Takes the large binary values out of an answer, and packs it with them. */
export class Packer implements AttachmentSink {
  readonly #fromBytes: number;
  readonly #contents: Buffer[] = [];
  readonly #boundary: string = randomUUID();

  constructor(fromBytes: number) {
    this.#fromBytes = fromBytes;
  }

  attach(base64: string): string | undefined {
    if (base64.length * 0.75 < this.#fromBytes) return undefined;
    this.#contents.push(Buffer.from(base64, 'base64'));
    const id = this.#idOf(this.#contents.length);
    return `<xop:Include xmlns:xop="${XOP}" href="cid:${id}"/>`;
  }

  /** Whether there is anything to pack. */
  get isNeeded(): boolean {
    return this.#contents.length > 0;
  }

  contentType(version: SoapVersion): string {
    return (
      `multipart/related; type="application/xop+xml"; boundary="${this.#boundary}"; ` +
      `start="<${this.#idOf(0)}>"; start-info="${mediaTypeOf(version)}"`
    );
  }

  pack(envelope: string, version: SoapVersion): Buffer {
    const type = `application/xop+xml; charset=utf-8; type="${mediaTypeOf(version)}"`;
    const pieces: Buffer[] = [this.#head(0, type), Buffer.from(envelope)];
    for (const [index, content] of this.#contents.entries()) {
      pieces.push(this.#head(index + 1, 'application/octet-stream'), content);
    }
    pieces.push(Buffer.from(`\r\n--${this.#boundary}--\r\n`));
    return Buffer.concat(pieces);
  }

  #head(index: number, type: string): Buffer {
    return Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${this.#boundary}\r\ncontent-type: ${type}\r\n` +
        `content-transfer-encoding: binary\r\ncontent-id: <${this.#idOf(index)}>\r\n\r\n`,
    );
  }

  #idOf(index: number): string {
    return `${index}.${this.#boundary}@polywire`;
  }
}

export function mediaTypeOf(version: SoapVersion): string {
  return version === '1.1' ? 'text/xml' : 'application/soap+xml';
}
