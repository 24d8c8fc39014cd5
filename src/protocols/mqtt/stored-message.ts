import type { Message } from '../../model/message.ts';

/**
 * Messages as they are kept in tables:
 *
 *     length of the head uint32, head (JSON: everything but the payload), payload
 */
export function storedMessage(message: Message): Buffer {
  const { subject, key, headers, contentType, timeMs, id, source, trace } = message;
  const head = Buffer.from(
    JSON.stringify({ subject, key, headers, contentType, timeMs, id, source, trace }),
  );
  const bytes = Buffer.allocUnsafe(4 + head.length + message.payload.byteLength);
  bytes.writeUInt32BE(head.length);
  head.copy(bytes, 4);
  bytes.set(message.payload, 4 + head.length);
  return bytes;
}

export function messageOfStored(bytes: Buffer): Message {
  const end = 4 + bytes.readUInt32BE(0);
  const head = JSON.parse(bytes.toString('utf8', 4, end)) as Omit<Message, 'payload'>;
  return {
    subject: head.subject,
    key: head.key,
    headers: head.headers,
    payload: bytes.subarray(end),
    contentType: head.contentType,
    timeMs: head.timeMs,
    id: head.id,
    source: head.source,
    trace: head.trace,
  };
}
