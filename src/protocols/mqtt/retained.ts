import type { Table } from '../../hub/engine.ts';
import type { Hub, Origin } from '../../hub/hub.ts';
import { filterLevels, publishLevels } from '../../hub/subjects/names.ts';
import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import type { Message } from '../../model/message.ts';
import { publishedOf } from './messages.ts';
import { messageOfStored, storedMessage } from './stored-message.ts';

/** A level of the subjects that have a retained message. */
class Node {
  /** The subject that ends here. */
  subject: string | undefined = undefined;
  children: Map<string, Node> | undefined = undefined;
}

/** Retained messages by subject: the last that was published so on each (MQTT 5.0 section 3.3.1.3).
 * They are in a table of the hub's; a tree of levels finds those of a filter. */
export class RetainedStore {
  readonly #table: Table;
  readonly #maxBytes: number;
  readonly #hub: Pick<Hub, 'mayReceive'>;
  readonly #root = new Node();
  #bytes = 0;

  constructor(table: Table, maxBytes: number, hub: Pick<Hub, 'mayReceive'>) {
    this.#table = table;
    this.#hub = hub;
    this.#maxBytes = maxBytes;
    for (const [subject, bytes] of table.entries()) {
      this.#enter(subject);
      this.#bytes += bytes.length;
    }
  }

  get size(): number {
    return this.#table.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Keeps those of the messages that are published to be retained; one without payload takes the
   * one that is kept away. Answers when that is durable.
   * @throws Fault RESOURCE_EXHAUSTED when that would be more than is kept
   */
  put(messages: readonly Message[]): MaybePromise<void> {
    const changes = new Map<string, Buffer | undefined>();
    for (const message of messages) {
      if (!publishedOf(message).retain) continue;
      const empty = message.payload.byteLength === 0;
      changes.set(message.subject, empty ? undefined : storedMessage(message));
    }
    if (changes.size === 0) return undefined;
    let bytes = this.#bytes;
    for (const [subject, value] of changes) {
      bytes += (value?.length ?? 0) - (this.#table.get(subject)?.length ?? 0);
    }
    if (bytes > this.#maxBytes && bytes > this.#bytes) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        `Retained messages would take ${bytes} bytes; at most ${this.#maxBytes} are kept (protocols.mqtt.maxRetainedBytes).`,
      );
    }
    const answer = this.#table.set([...changes]);
    this.#bytes = bytes;
    for (const [subject, value] of changes) {
      if (value === undefined) this.#leave(subject);
      else this.#enter(subject);
    }
    return answer;
  }

  /** The messages of a filter of the hub that somebody may see, as they are when they are taken. */
  *match(filter: string, hidesSystem: boolean, origin: Origin): Generator<Message, void> {
    for (const subject of subjectsOf(this.#root, filterLevels(filter), 0)) {
      if (hidesSystem && subject.startsWith('$')) continue;
      if (!this.#hub.mayReceive(subject, origin)) continue;
      const bytes = this.#table.get(subject);
      if (bytes === undefined) continue;
      const message = messageOfStored(bytes);
      if (publishedOf(message).expiresMs > Date.now()) yield message;
    }
  }

  #enter(subject: string): void {
    let node = this.#root;
    for (const level of publishLevels(subject)) {
      node.children ??= new Map();
      let child = node.children.get(level);
      if (child === undefined) {
        child = new Node();
        node.children.set(level, child);
      }
      node = child;
    }
    node.subject = subject;
  }

  #leave(subject: string): void {
    const path: Node[] = [this.#root];
    const levels = publishLevels(subject);
    for (const level of levels) {
      const child = path.at(-1)!.children?.get(level);
      if (child === undefined) return;
      path.push(child);
    }
    path.at(-1)!.subject = undefined;
    for (let depth = levels.length; depth > 0; depth--) {
      const { subject: own, children } = path[depth]!;
      if (own !== undefined || (children?.size ?? 0) > 0) return;
      path[depth - 1]!.children!.delete(levels[depth - 1]!);
    }
  }
}

function* subjectsOf(
  node: Node,
  filter: readonly string[],
  depth: number,
): Generator<string, void> {
  const wanted = filter[depth];
  if (wanted === undefined) {
    if (node.subject !== undefined) yield node.subject;
    return;
  }
  if (wanted !== '*' && wanted !== '>') {
    const child = node.children?.get(wanted);
    if (child !== undefined) yield* subjectsOf(child, filter, depth + 1);
    return;
  }
  for (const child of node.children?.values() ?? []) {
    if (wanted === '*') yield* subjectsOf(child, filter, depth + 1);
    else {
      if (child.subject !== undefined) yield child.subject;
      yield* subjectsOf(child, filter, depth);
    }
  }
}
