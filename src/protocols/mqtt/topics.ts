import { checkTopic, subjectOfTopic, topicOfSubject } from './names.ts';
import { textOf } from './wire/cursor.ts';

/** A topic name with what it means to the hub. */
export interface Topic {
  readonly text: string;
  readonly subject: string;
  /** As it stands in packets, without its length. */
  readonly bytes: Buffer;
}

const SLOTS = 4096;
/** Longer names are not remembered. */
const MAX_BYTES = 256;

/**
 * Topics that came lately, found by their bytes: a name that is known is neither decoded nor
 * checked again.
 */
export class TopicCache {
  readonly #slots: (Topic | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #ofSubject = new Map<string, Buffer>();

  /** @throws MqttError 0x81, 0x90 for what is no topic name */
  find(bytes: Buffer, start: number, end: number): Topic {
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && equal(known.bytes, bytes, start, end)) return known;
    const text = textOf(bytes, start, end);
    checkTopic(text);
    const own = Buffer.from(bytes.subarray(start, end));
    const topic = { text, subject: subjectOfTopic(text), bytes: own };
    if (own.length <= MAX_BYTES) this.#slots[slot] = topic;
    return topic;
  }

  /** @throws MqttError 0x90 for what is no topic name */
  ofText(text: string): Topic {
    const bytes = Buffer.from(text);
    return this.find(bytes, 0, bytes.length);
  }

  /** The bytes of the topic that a subject is. */
  bytesOf(subject: string): Buffer {
    let bytes = this.#ofSubject.get(subject);
    if (bytes !== undefined) return bytes;
    bytes = Buffer.from(topicOfSubject(subject));
    if (this.#ofSubject.size >= SLOTS) this.#ofSubject.clear();
    if (bytes.length <= MAX_BYTES) this.#ofSubject.set(subject, bytes);
    return bytes;
  }
}

function equal(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
