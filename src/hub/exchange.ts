import { Fault } from '../model/fault.ts';
import { isPromise, type MaybePromise } from '../model/maybe-promise.ts';
import type { Message } from '../model/message.ts';
import { hasScopes } from '../model/principal.ts';
import { memberText } from '../model/subject-template.ts';
import type { TraceContext } from '../model/trace.ts';
import { authorize } from './authorize.ts';
import { type HeldMessage, History } from './history.ts';
import type { Origin, SubscribeOptions, Subscriber, Subscription } from './hub.ts';
import { badPayload, checkPayload, type KnownEvents } from './known-events.ts';
import { type KnownSubject, KnownSubjects } from './known-subjects.ts';
import { LiveSubscription, type SubscriptionOwner } from './live-subscription.ts';
import type { Logger } from './logger.ts';
import type { Middleware, Publish } from './middleware.ts';
import type { HubSettings } from './options.ts';
import { matches } from './streams/filters.ts';
import type { HubStreams } from './streams/hub-streams.ts';
import { type Bookkeeping, Places } from './streams/places.ts';
import { encodePlaces } from './streams/position.ts';
import { Resume } from './streams/resume.ts';
import { StreamWrites } from './streams/stream-writes.ts';
import { filterLevels } from './subjects/names.ts';
import { SubjectTrie } from './subjects/trie.ts';

/**
 * Messages from publishers to subscriptions. What a stream captures is written there, and reaches
 * subscriptions from the log when it is committed. What no stream captures is delivered later in the
 * same turn of the event loop, to each subscription as one batch; the order is that of acceptance.
 */
export class Exchange implements SubscriptionOwner, Bookkeeping {
  readonly logger: Logger;
  /** Why messages from outside and subscriptions are refused now. */
  closed: Fault | undefined;
  readonly #events: KnownEvents;
  readonly #settings: HubSettings;
  readonly #anonymousDenied: boolean;
  readonly #history: History;
  readonly #subjects: KnownSubjects;
  readonly #subscriptions = new SubjectTrie<LiveSubscription>();
  readonly #all = new Set<LiveSubscription>();
  readonly #publish: Publish;
  readonly #found: LiveSubscription[] = [];
  readonly #streams: HubStreams | undefined;
  #committing = 0;
  readonly #onCommitted: (() => void)[] = [];
  #awake: LiveSubscription[] = [];
  #flushing = false;
  #scheduled = false;

  constructor(
    events: KnownEvents,
    settings: HubSettings,
    logger: Logger,
    middleware: readonly Middleware[],
    anonymousDenied: boolean,
    streams: HubStreams | undefined,
  ) {
    this.#events = events;
    this.#settings = settings;
    this.logger = logger;
    this.#anonymousDenied = anonymousDenied;
    this.#history = new History(bootName(), settings.historyRecords, settings.historyBytes);
    this.#streams = streams;
    this.#subjects = new KnownSubjects(events, streams?.table);
    this.#nameStreams();
    if (streams !== undefined) {
      streams.onRouting = () => this.#subjects.forget();
      streams.table.onChange(() => {
        this.#subjects.forget();
        this.#nameStreams();
      });
    }
    let publish: Publish = (messages, origin) => this.#accept(messages, origin);
    for (const layer of middleware.toReversed()) publish = layer.publish?.(publish) ?? publish;
    this.#publish = publish;
  }

  get subscriptionCount(): number {
    return this.#all.size;
  }

  get boot(): string {
    return this.#history.boot;
  }

  get sequence(): number {
    return this.#history.sequence;
  }

  get newest(): number {
    return this.#streams?.table.newest ?? 0;
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
  emit(
    name: string,
    payload: unknown,
    trace: TraceContext | undefined,
    origin: Origin,
  ): MaybePromise<void> {
    const known = this.#events.get(name);
    if (known === undefined) {
      throw new TypeError(`no contract of this hub has an event "${name}"`);
    }
    if (!known.validator.check(payload)) throw badPayload(known, payload);
    const subject = known.template.render(payload);
    const place = this.#subjects.of(subject);
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
    if (place.route === undefined) return this.#hand(message, place);
    const writes = new StreamWrites();
    writes.add(place.route, message, place.levels);
    return this.#commit(writes);
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
    const memory = this.#streams?.table.leavesOut(filter) ?? true;
    const sequence = memory ? this.#catchUp(subscription, options) : this.#history.sequence;
    if (this.#streams !== undefined) this.#join(subscription, options, memory, sequence);
    subscription.begin();
    this.#subscriptions.add(filter, subscription);
    this.#all.add(subscription);
    return subscription;
  }

  mayReceive(subject: string, { principal }: Origin): boolean {
    if (this.#anonymousDenied && !principal.authenticated) return false;
    return hasScopes(principal, this.#subjects.of(subject).scopes);
  }

  /** A contract has come. */
  eventsChanged(): void {
    this.#subjects.forget();
    this.#streams?.eventsChanged();
  }

  /** When nothing that was accepted waits for its commit. */
  committed(): Promise<void> {
    if (this.#committing === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onCommitted.push(resolve);
    });
  }

  /** Delivers what may be delivered, then ends every subscription. Answers how many. */
  endSubscriptions(): number {
    const all = [...this.#all];
    for (const subscription of all) {
      subscription.end();
      this.left(subscription);
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
      if (subscription.log !== undefined) this.#streams!.feeds.leave(subscription.log.reader);
    }
  }

  #accept(messages: readonly Message[], origin: Origin): MaybePromise<void> {
    const { principal } = origin;
    authorize(principal, NO_SCOPES, this.#anonymousDenied, 'Publishing');
    const subjects: KnownSubject[] = new Array(messages.length);
    let writes: StreamWrites | undefined;
    for (let index = 0; index < messages.length; index++) {
      const message = messages[index]!;
      const subject = this.#subjects.of(message.subject);
      const { events, scopes, route } = subject;
      if (scopes.length > 0) {
        authorize(principal, scopes, this.#anonymousDenied, `Publishing on ${message.subject}`);
      }
      const key = checkPayload(message, events);
      subjects[index] = subject;
      if (route === undefined) continue;
      writes ??= new StreamWrites();
      writes.add(route, message, subject.levels, key);
    }
    if (writes === undefined) return this.#handAll(messages, subjects);
    const committed = this.#commit(writes);
    // What no stream holds is seen when the others are safe: a refusal is one of the whole batch.
    return isPromise(committed)
      ? committed.then(() => this.#handAll(messages, subjects))
      : this.#handAll(messages, subjects);
  }

  /** Answers when a publish has its records committed. */
  #commit(writes: StreamWrites): MaybePromise<void> {
    const answer = writes.commit();
    if (!isPromise(answer)) return answer;
    this.#committing++;
    return answer.finally(() => {
      if (--this.#committing > 0) return;
      for (const resolve of this.#onCommitted.splice(0)) resolve();
    });
  }

  /** Those that no stream holds. */
  #handAll(messages: readonly Message[], subjects: readonly KnownSubject[]): void {
    for (let index = 0; index < messages.length; index++) {
      const subject = subjects[index]!;
      if (subject.route === undefined) this.#hand(messages[index]!, subject);
    }
  }

  #hand(message: Message, { levels, scopes }: KnownSubject): void {
    const held = this.#history.add(message, levels, scopes);
    const found = this.#found;
    this.#subscriptions.match(levels, found);
    for (let index = 0; index < found.length; index++) found[index]!.offer(held);
    found.length = 0;
  }

  /** Gives a subscription what it asked for of the messages that no stream holds. Answers the
   * sequence number after which it begins. */
  #catchUp(subscription: LiveSubscription, options: SubscribeOptions): number {
    const { after, from = 'now', last } = options;
    const { sequence } = this.#history;
    if (after === undefined && last === undefined && from === 'now') return sequence;
    const backlog = after === undefined ? this.#history.all() : this.#history.after(after);
    subscription.gap = after !== undefined && backlog.gap;
    const timed = after === undefined && last === undefined && typeof from === 'number';
    const sinceMs = timed ? from : Number.NEGATIVE_INFINITY;
    const { filter } = subscription;
    let missed: HeldMessage[] = [];
    for (const held of backlog.messages) {
      if (held.message.timeMs < sinceMs) continue;
      if (matches(filter, held.levels) && subscription.mayReceive(held.scopes)) missed.push(held);
    }
    if (after === undefined && last !== undefined) missed = last > 0 ? missed.slice(-last) : [];
    subscription.catchUp(missed);
    return missed.length === 0 ? sequence : missed[0]!.sequence - 1;
  }

  /** Begins in the streams that the filter touches. */
  #join(
    subscription: LiveSubscription,
    options: SubscribeOptions,
    memory: boolean,
    sequence: number,
  ): void {
    const { feeds, table } = this.#streams!;
    const resume = new Resume(options, table);
    const reader = feeds.join(subscription, resume.start);
    if (resume.gap) subscription.gap = true;
    const places = new Places(this, reader.cursors, memory, sequence);
    subscription.log = { reader, places };
  }

  /** Positions of subscriptions that touch no stream say which streams there were. */
  #nameStreams(): void {
    if (this.#streams !== undefined)
      this.#history.streams = `.${encodePlaces(this.newest, [], [])}`;
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
