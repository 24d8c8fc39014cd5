import { Fault } from '../model/fault.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Message } from '../model/message.ts';
import { memberText } from '../model/subject-template.ts';
import type { TraceContext } from '../model/trace.ts';
import { authorize } from './authorize.ts';
import { type HeldMessage, History } from './history.ts';
import type { Origin, SubscribeOptions, Subscriber, Subscription } from './hub.ts';
import { badPayload, checkPayload, type KnownEvents, scopesOf } from './known-events.ts';
import { LiveSubscription, type SubscriptionOwner } from './live-subscription.ts';
import type { Logger } from './logger.ts';
import type { Middleware, Publish } from './middleware.ts';
import type { HubSettings } from './options.ts';
import { filterLevels, publishLevels } from './subjects/names.ts';
import { SubjectTrie } from './subjects/trie.ts';

/**
 * Messages from publishers to subscriptions. What is accepted is delivered later in the same turn
 * of the event loop, to each subscription as one batch; the order is that of acceptance.
 */
export class Exchange implements SubscriptionOwner {
  readonly logger: Logger;
  /** Why messages from outside and subscriptions are refused now. */
  closed: Fault | undefined;
  readonly #events: KnownEvents;
  readonly #settings: HubSettings;
  readonly #anonymousDenied: boolean;
  readonly #history: History;
  readonly #subscriptions = new SubjectTrie<LiveSubscription>();
  readonly #all = new Set<LiveSubscription>();
  readonly #publish: Publish;
  readonly #found: LiveSubscription[] = [];
  #awake: LiveSubscription[] = [];
  #flushing = false;
  #scheduled = false;

  constructor(
    events: KnownEvents,
    settings: HubSettings,
    logger: Logger,
    middleware: readonly Middleware[],
    anonymousDenied: boolean,
  ) {
    this.#events = events;
    this.#settings = settings;
    this.logger = logger;
    this.#anonymousDenied = anonymousDenied;
    this.#history = new History(bootName(), settings.historyRecords, settings.historyBytes);
    let publish: Publish = (messages, origin) => this.#accept(messages, origin);
    for (const layer of middleware.toReversed()) publish = layer.publish?.(publish) ?? publish;
    this.#publish = publish;
  }

  get subscriptionCount(): number {
    return this.#all.size;
  }

  publish(messages: readonly Message[], origin: Origin): MaybePromise<void> {
    origin.meter.received += messages.length;
    try {
      if (this.closed !== undefined) throw this.closed;
      const answer = this.#publish(messages, origin);
      return answer instanceof Promise
        ? answer.catch((thrown: unknown) => {
            throw this.#refused(messages, origin, thrown);
          })
        : answer;
    } catch (thrown) {
      throw this.#refused(messages, origin, thrown);
    }
  }

  /** Publishes an event of a contract from inside the hub. */
  emit(name: string, payload: unknown, trace: TraceContext | undefined, origin: Origin): void {
    const known = this.#events.get(name);
    if (known === undefined) {
      throw new TypeError(`no contract of this hub has an event "${name}"`);
    }
    if (!known.validator.check(payload)) throw badPayload(known, payload);
    const subject = known.template.render(payload);
    const levels = publishLevels(subject);
    const { key } = known.event;
    const message: Message = {
      subject,
      key: key === undefined ? undefined : memberText(payload, key),
      headers: NO_HEADERS,
      payload: Buffer.from(JSON.stringify(payload)),
      contentType: 'application/json',
      timeMs: Date.now(),
      id: crypto.randomUUID(),
      source: 'hub',
      trace,
    };
    origin.meter.received++;
    this.#hand(message, levels, scopesOf(this.#events.of(levels)));
  }

  subscribe(options: SubscribeOptions, subscriber: Subscriber, origin: Origin): Subscription {
    if (this.closed !== undefined) throw this.closed;
    const filter = filterLevels(options.filter);
    this.#events.authorizeFilter(filter, origin.principal, this.#anonymousDenied);
    const subscription = new LiveSubscription(
      this,
      filter,
      subscriber,
      origin,
      Math.max(0, options.credit),
      {
        messages: this.#settings.subscriberBufferMessages,
        bytes: this.#settings.subscriberBufferBytes,
      },
    );
    if (options.after !== undefined) this.#resume(subscription, options.after);
    this.#subscriptions.add(filter, subscription);
    this.#all.add(subscription);
    return subscription;
  }

  /** Delivers what may be delivered, then ends every subscription. Answers how many. */
  endSubscriptions(): number {
    const all = [...this.#all];
    for (const subscription of all) {
      this.left(subscription);
      subscription.end();
    }
    return all.length;
  }

  wake(subscription: LiveSubscription): void {
    this.#awake.push(subscription);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Receivers that publish again when they receive must not keep the process from its sockets.
    if (this.#flushing) setImmediate(this.#flush);
    else queueMicrotask(this.#flush);
  }

  left(subscription: LiveSubscription): void {
    if (this.#all.delete(subscription)) {
      this.#subscriptions.remove(subscription.filter, subscription);
    }
  }

  #accept(messages: readonly Message[], origin: Origin): void {
    const { principal } = origin;
    authorize(principal, NO_SCOPES, this.#anonymousDenied, 'Publishing');
    const levelsOf: string[][] = new Array(messages.length);
    const scopes: (readonly string[])[] = new Array(messages.length);
    for (let index = 0; index < messages.length; index++) {
      const message = messages[index]!;
      const levels = publishLevels(message.subject);
      const events = this.#events.of(levels);
      const needed = scopesOf(events);
      if (needed.length > 0) {
        authorize(principal, needed, this.#anonymousDenied, `Publishing on ${message.subject}`);
      }
      checkPayload(message, events);
      levelsOf[index] = levels;
      scopes[index] = needed;
    }
    for (let index = 0; index < messages.length; index++) {
      this.#hand(messages[index]!, levelsOf[index]!, scopes[index]!);
    }
  }

  #hand(message: Message, levels: readonly string[], scopes: readonly string[]): void {
    const held = this.#history.add(message, levels, scopes);
    const found = this.#found;
    this.#subscriptions.match(levels, found);
    for (let index = 0; index < found.length; index++) found[index]!.offer(held);
    found.length = 0;
  }

  #resume(subscription: LiveSubscription, after: string): void {
    const backlog = this.#history.after(after);
    subscription.gap = backlog.gap;
    const own = new SubjectTrie<true>();
    own.add(subscription.filter, true);
    const matched: true[] = [];
    const missed: HeldMessage[] = [];
    for (const held of backlog.messages) {
      own.match(held.levels, matched);
      if (matched.length > 0 && subscription.mayReceive(held)) missed.push(held);
      matched.length = 0;
    }
    subscription.catchUp(missed);
  }

  #refused(messages: readonly Message[], origin: Origin, thrown: unknown): Fault {
    origin.meter.refused += messages.length;
    if (!(thrown instanceof Fault)) {
      this.logger.error({ err: thrown, protocol: origin.meter.protocol }, 'publish failed');
    }
    return Fault.from(thrown);
  }

  #flush = (): void => {
    this.#scheduled = false;
    const awake = this.#awake;
    this.#awake = [];
    this.#flushing = true;
    for (const subscription of awake) subscription.flush();
    this.#flushing = false;
  };
}

const NO_HEADERS: readonly (readonly [string, string])[] = Object.freeze([]);
const NO_SCOPES: readonly string[] = Object.freeze([]);

/** Unlike that of any other run; sorts by time, for people who read it. */
function bootName(): string {
  return `${Date.now().toString(36)}${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;
}
