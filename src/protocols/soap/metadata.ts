import { Fault } from '../../model/fault.ts';
import { type Metadata, metadataOf } from '../../model/metadata.ts';
import { CallHeaders } from '../../wire/http-call.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import { decodeName, encodeName } from '../../wire/xml/names.ts';
import { escapeText } from '../../wire/xml/writer.ts';
import { METADATA } from './namespaces.ts';
import { writable } from './xsd.ts';

const SECRET = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** What a call's metadata is made of: header blocks first, then the HTTP headers. */
export function callMetadata(blocks: readonly XmlElement[], headers: Metadata): Metadata {
  const visible = new CallHeaders(headers);
  return blocks.length === 0 ? visible : new BlockMetadata(blocks, visible);
}

class BlockMetadata implements Metadata {
  readonly #own: Metadata;
  readonly #headers: Metadata;

  constructor(blocks: readonly XmlElement[], headers: Metadata) {
    this.#own = metadataOf(blocks.map(pairOf).filter(([name]) => !SECRET.has(name)));
    this.#headers = headers;
  }

  get(name: string): string | undefined {
    return this.#own.get(name) ?? this.#headers.get(name);
  }

  *entries(): Iterable<readonly [string, string]> {
    yield* this.#own.entries();
    for (const pair of this.#headers.entries()) {
      if (this.#own.get(pair[0]) === undefined) yield pair;
    }
  }
}

function pairOf(block: XmlElement): [name: string, value: string] {
  if (block.children.length > 0) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The header block <${block.name.slice(0, 60)}> of ${METADATA} has elements in it; it holds text.`,
    );
  }
  return [decodeName(block.name).toLowerCase(), block.text.trim()];
}

/** An answer's metadata as header blocks; '' where there is none. */
export function metadataBlocks(metadata: ReadonlyMap<string, string> | undefined): string {
  if (metadata === undefined) return '';
  let text = '';
  for (const [name, value] of metadata) {
    const element = `m:${encodeName(name.toWellFormed())}`;
    text += `<${element} xmlns:m="${METADATA}">${escapeText(writable(value))}</${element}>`;
  }
  return text;
}
