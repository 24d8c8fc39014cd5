import { type HeaderList, headerList } from '../hub/header-list.ts';

/** Headers of a response that only HTTP itself, or the protocol, may set. */
const OWN = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const NOT_VISIBLE = /[^\x20-\x7e]/gu;

/** Metadata that goes back with an answer: a Call has it. */
export interface WithReplyMetadata {
  readonly replyMetadata: ReadonlyMap<string, string> | undefined;
}

/** Reply metadata as headers, behind (and in place of) these. Values keep what HTTP can carry;
 * the rest is percent-encoded. */
export function withReplyMetadata(headers: HeaderList, call: WithReplyMetadata): HeaderList {
  const metadata = call.replyMetadata;
  if (metadata === undefined) return headers;
  const own: string[] = [];
  for (const [name, value] of metadata) {
    if (OWN.has(name) || !TOKEN.test(name)) continue;
    own.push(name, value.toWellFormed().replace(NOT_VISIBLE, encodeURIComponent).trim());
  }
  const flat: string[] = [];
  for (let index = 0; index < headers.flat.length; index += 2) {
    const name = headers.flat[index]!;
    if (!metadata.has(name) || OWN.has(name)) flat.push(name, headers.flat[index + 1]!);
  }
  return headerList(...flat, ...own);
}
