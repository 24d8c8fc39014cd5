/** Where a protocol has no place for a message's key: the name of a property of the publisher's. */
export const KEY_PROPERTY = 'message-key';

/**
 * Headers of a message that stand for what messaging protocols have a place for and a message of
 * the hub has not. Whoever has such a place reads and writes these; for everybody else they are
 * headers like any other. `docs/messages.md` says what becomes what.
 */
export const HEADER = {
  /** Where an answer is wanted: the subject. */
  replyTo: 'reply-to',
  /** What an answer is to repeat: text, or bytes as `bytesText` writes them. */
  correlationId: 'correlation-id',
  /** When it is of no use any more: milliseconds since 1970-01-01T00:00Z. */
  expiresAt: 'expires-at',
  /** 0 to 255; a higher one goes first. */
  priority: 'priority',
  /** As HTTP's: gzip. */
  contentEncoding: 'content-encoding',
  /** `utf-8` where the publisher says that the payload is text. */
  payloadFormat: 'payload-format',
  /** Quality of service that it was published with, 0 or 1. */
  qos: 'mqtt-qos',
  /** `true` where it was published to be retained. */
  retain: 'mqtt-retain',
} as const;
