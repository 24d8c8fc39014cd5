import type { HeaderList } from '../../hub/header-list.ts';
import { REASON_PHRASES } from './reason-phrases.ts';

const statusLines = new Map<number, string>();

export function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    if (!Number.isInteger(status) || status < 100 || status > 999) {
      throw new TypeError(`${status} is no HTTP status`);
    }
    line = `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? 'Status'}\r\n`;
    statusLines.set(status, line);
  }
  return line;
}

/** What the server itself says about the message's framing and connection. */
const OWN = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
  'trailer',
  'upgrade',
]);

/** The lines of a header list, made once for each list. */
export function headerLines(headers: HeaderList): string {
  if (headers.encodedText !== undefined) return headers.encodedText;
  let text = '';
  const flat = headers.flat;
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index]!;
    if (!OWN.has(name)) text += `${name}: ${flat[index + 1]}\r\n`;
  }
  headers.encodedText = text;
  return text;
}

let dateSecond = 0;
let dateText = '';

/** The Date header's line, made anew each second (RFC 9110 section 6.6.1). */
export function dateLine(): string {
  const nowMs = Date.now();
  if (nowMs >= dateSecond + 1000 || nowMs < dateSecond) {
    dateSecond = nowMs - (nowMs % 1000);
    dateText = `date: ${new Date(nowMs).toUTCString()}\r\n`;
  }
  return dateText;
}
