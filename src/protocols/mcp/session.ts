import { randomUUID } from 'node:crypto';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import type { Principal } from '../../model/principal.ts';
import { notificationText } from '../../wire/jsonrpc/codec.ts';
import { EventLog } from './event-log.ts';
import type { Requester } from './request.ts';
import type { McpService } from './service.ts';
import { Updates } from './updates.ts';
import type { Watch } from './watch.ts';

/** Streams that are kept for clients that resume them; the oldest that have ended make room. */
const MAX_LOGS = 64;
/** Number of the stream that belongs to no request. */
const STANDALONE = 0;

/** Subscriptions and running calls of a client that speaks a revision with sessions; the same over
 * HTTP and stdio. */
export class Conversation {
  readonly #service: McpService;
  readonly #updates: Updates;
  readonly #watches = new Map<string, Watch>();
  readonly #running = new Map<string, Call>();
  #closed = false;

  constructor(
    service: McpService,
    target: { readonly open: boolean; send(text: string): boolean; drained(): Promise<void> },
  ) {
    this.#service = service;
    this.#updates = new Updates({
      get open() {
        return target.open;
      },
      send: (uri) =>
        target.send(
          notificationText('notifications/resources/updated', `{"uri":${JSON.stringify(uri)}}`),
        ),
      drained: () => target.drained(),
    });
  }

  get running(): number {
    return this.#running.size;
  }

  /** @param id JSON text */
  began(id: string, call: Call): void {
    this.#running.set(id, call);
  }

  settled(id: string, call: Call): void {
    if (this.#running.get(id) === call) this.#running.delete(id);
  }

  /** Ends a running call; nothing for an id that is not known. */
  cancel(id: string | undefined): void {
    if (id !== undefined) this.#running.get(id)?.abort();
  }

  /** Tells the news that wait. */
  flush(): void {
    this.#updates.flush();
  }

  /** @throws ResourceNotFound, Fault RESOURCE_EXHAUSTED, or the Fault that refuses it */
  async subscribe(uri: string, requester: Requester): Promise<void> {
    if (this.#watches.has(uri)) return;
    const { maxSubscriptions } = this.#service.options;
    if (this.#watches.size >= maxSubscriptions) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        `This session is subscribed to ${maxSubscriptions} resources, which is the most there may be.`,
      );
    }
    // Holds the place while the subscription begins.
    this.#watches.set(uri, NO_WATCH);
    try {
      const watch = await this.#service.resources.watch(uri, requester, {
        updated: () => this.#updates.updated(uri),
        closed: () => this.unsubscribe(uri),
      });
      if (this.#closed || this.#watches.get(uri) !== NO_WATCH) watch.close();
      else this.#watches.set(uri, watch);
    } catch (error) {
      this.#watches.delete(uri);
      throw error;
    }
  }

  unsubscribe(uri: string): void {
    const watch = this.#watches.get(uri);
    this.#watches.delete(uri);
    this.#updates.forget(uri);
    watch?.close();
  }

  /** Ends its subscriptions. */
  leave(): void {
    this.#closed = true;
    for (const uri of [...this.#watches.keys()]) this.unsubscribe(uri);
  }

  /** Ends its subscriptions and calls. */
  close(): void {
    this.leave();
    for (const call of this.#running.values()) call.abort();
  }
}

const NO_WATCH: Watch = { close: () => undefined };

/** A session of streamable HTTP (revision 2025-11-25, "Session Management"). */
export class Session {
  readonly id = randomUUID();
  readonly conversation: Conversation;
  /** The stream for what belongs to no request. */
  readonly standalone = new EventLog(STANDALONE);
  lastUsedMs = Date.now();
  readonly #owner: string;
  readonly #replayBytes: number;
  readonly #logs = new Map<number, EventLog>();
  #numbers = STANDALONE;

  constructor(service: McpService, principal: Principal) {
    this.#owner = principal.id;
    this.#replayBytes = service.options.replayBytes;
    this.#logs.set(STANDALONE, this.standalone);
    const { standalone } = this;
    this.conversation = new Conversation(service, {
      get open() {
        return standalone.attached;
      },
      send: (text) => {
        const room = standalone.send(text);
        this.trim();
        return room;
      },
      drained: () => standalone.drained(),
    });
  }

  /** Only who began a session may use it: its id is no credential. */
  belongsTo(principal: Principal): boolean {
    return principal.id === this.#owner;
  }

  get busy(): boolean {
    return this.standalone.attached || this.conversation.running > 0;
  }

  /** A stream for the answer to a request. */
  openLog(): EventLog {
    if (this.#logs.size >= MAX_LOGS) this.#forgetOldest();
    const log = new EventLog(++this.#numbers);
    this.#logs.set(log.number, log);
    return log;
  }

  log(number: number): EventLog | undefined {
    return this.#logs.get(number);
  }

  /** Keeps what the options allow; streams that have ended go first, the oldest of all. */
  trim(): void {
    let length = 0;
    for (const log of this.#logs.values()) length += log.keptLength;
    for (const endedOnes of [true, false]) {
      for (const log of this.#logs.values()) {
        if (length <= this.#replayBytes) return;
        if (log.ended !== endedOnes) continue;
        length -= log.keptLength;
        log.trim(Math.max(0, this.#replayBytes - length));
        length += log.keptLength;
        if (log.ended && log.keptLength === 0) this.#logs.delete(log.number);
      }
    }
  }

  #forgetOldest(): void {
    for (const log of this.#logs.values()) {
      if (!log.ended) continue;
      this.#logs.delete(log.number);
      return;
    }
  }

  close(): void {
    this.conversation.close();
    for (const log of this.#logs.values()) log.end();
    this.#logs.clear();
  }
}
