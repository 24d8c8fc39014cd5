import type { MessageJson } from '../../../src/wire/jsonrpc/methods.ts';
import type { Got, Sent } from './driver.ts';

/** Messages <-> the JSON form of docs/protocols/websocket.md. */

export function messageJson(subject: string, message: Sent): MessageJson {
  const { key, headers, payload, contentType } = message;
  return {
    subject,
    base64: payload.toString('base64'),
    headers,
    ...(key === undefined ? {} : { key }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

export function gotOf(message: MessageJson): Got {
  const { key, headers, contentType, payload, text, base64 } = message;
  const bytes =
    base64 === undefined
      ? Buffer.from(text ?? JSON.stringify(payload))
      : Buffer.from(base64, 'base64');
  return { payload: bytes, key: key ?? null, headers: headers ?? [], contentType };
}
