import { randomBytes } from 'node:crypto';
import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub, Origin } from '../../hub/hub.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { LOCAL, type Principal } from '../../model/principal.ts';
import { PublishEncoder } from './delivering/encoder.ts';
import { SharedGroups } from './delivering/shared-groups.ts';
import { SessionStore } from './durable/session-store.ts';
import { Slab } from './inbound/slab.ts';
import { MemoryTable } from './memory-table.ts';
import type { MqttOptions } from './options.ts';
import { RetainedStore } from './retained.ts';
import { Session, type SessionHolder } from './session.ts';
import { SystemTopics } from './system-topics.ts';
import { TopicCache } from './topics.ts';
import { MqttError, REASON } from './wire/reasons.ts';

const TICK_MS = 1000;
/** How often figures are published. */
const SYSTEM_TICKS = 10;
const RETAINED_TABLE = 'mqtt-retained';

/** A connection, as the broker's clock sees it. */
export interface Timed {
  /** Called about every second. */
  tick(nowMs: number): void;
}

/** What all connections share: the one broker that a hub is to its MQTT clients. */
export class Broker {
  readonly hub: Hub;
  readonly options: MqttOptions;
  readonly meter: Meter;
  readonly topics = new TopicCache();
  readonly encoder = new PublishEncoder(this.topics);
  readonly slab = new Slab();
  readonly retained: RetainedStore;
  readonly groups: SharedGroups;
  readonly system = new SystemTopics(this);
  readonly connections = new Set<Timed>();
  readonly #sessions = new Map<string, Session>();
  /** Those whose client is away. */
  readonly #away = new Set<Session>();
  #closed = false;
  #ticks = 0;
  /** Being kept. */
  readonly #work = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  readonly #store: SessionStore | undefined;

  private constructor(
    hub: Hub,
    options: MqttOptions,
    meter: Meter,
    retained: RetainedStore,
    store: SessionStore | undefined,
  ) {
    this.hub = hub;
    this.#store = store;
    this.options = options;
    this.meter = meter;
    this.retained = retained;
    this.groups = new SharedGroups(hub);
    this.#timer = setInterval(() => this.#tick(Date.now()), TICK_MS).unref();
  }

  /** @throws Fault where what the broker has to remember cannot be read */
  static async open(hub: Hub, options: MqttOptions, meter: Meter): Promise<Broker> {
    const table = (await hub.streams?.table(RETAINED_TABLE)) ?? new MemoryTable();
    const retained = new RetainedStore(table, options.maxRetainedBytes, hub);
    const store = hub.streams === undefined ? undefined : await SessionStore.open(hub.streams);
    const broker = new Broker(hub, options, meter, retained, store);
    broker.#load();
    return broker;
  }

  /** Sessions of clients that were there before the hub was started. */
  #load(): void {
    const nowMs = Date.now();
    for (const [key, stored] of this.#store?.load() ?? []) {
      const { clientId, principal, tag } = stored.session;
      // Whoever comes for it brings the scopes.
      const nobody = { id: principal, authenticated: true, scopes: new Set<string>() };
      const session = this.#session(key, clientId, nobody, tag);
      session.restore(stored, nowMs);
      this.#away.add(session);
    }
  }

  #session(key: string, clientId: string, principal: Principal, tag: string): Session {
    const origin: Origin = { principal, meter: this.meter };
    const { encoder, groups } = this;
    const services = { encoder, groups, store: this.#store };
    const session = new Session(key, clientId, origin, tag, services);
    this.#sessions.set(key, session);
    return session;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  nowMs(): number {
    return Date.now();
  }

  /**
   * The session of a client, which `holder` has from now on. Another connection that has it is
   * ended.
   * @returns the session, and whether it was there before
   * @throws MqttError 0x97 when there are too many
   */
  take(
    clientId: string,
    principal: Principal,
    cleanStart: boolean,
    holder: SessionHolder,
  ): { readonly session: Session; readonly present: boolean } {
    const key = JSON.stringify([principal.id, clientId]);
    const known = this.#sessions.get(key);
    if (known?.holder !== undefined) {
      known.holder.giveUp(REASON.SESSION_TAKEN_OVER, 'The client connected a second time.');
    }
    // Where the session ended with its connection it is not there any more.
    const kept = this.#sessions.get(key);
    if (kept !== undefined && cleanStart) this.#end(kept);
    if (kept !== undefined && !cleanStart) {
      this.#away.delete(kept);
      kept.will = undefined;
      kept.willMs = Number.POSITIVE_INFINITY;
      kept.origin = { principal, meter: this.meter };
      kept.holder = holder;
      return { session: kept, present: true };
    }
    if (this.#sessions.size >= this.options.maxSessions) {
      throw new MqttError(
        REASON.QUOTA_EXCEEDED,
        `There are ${this.#sessions.size} sessions (protocols.mqtt.maxSessions).`,
      );
    }
    const session = this.#session(key, clientId, principal, tagOf());
    session.holder = holder;
    return { session, present: false };
  }

  /**
   * The connection of a session is gone.
   * @param withWill whether the client's will is to be published
   */
  leave(session: Session, withWill: boolean): void {
    if (this.#closed) return;
    const nowMs = Date.now();
    this.#heed(session, session.suspend(nowMs));
    if (!withWill) session.will = undefined;
    if (session.will !== undefined) {
      session.willMs = nowMs + session.will.delaySeconds * 1000;
    }
    if (session.expirySeconds === 0) this.#end(session);
    else {
      this.#away.add(session);
      this.#publishDueWill(session, nowMs);
    }
  }

  /** The last connection is closed. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    const nowMs = Date.now();
    for (const session of this.#sessions.values()) {
      if (session.holder !== undefined) this.#heed(session, session.suspend(nowMs));
    }
    await Promise.all(this.#work);
    for (const session of this.#sessions.values()) session.release();
    this.#sessions.clear();
    this.#away.clear();
  }

  /** What is kept of a session later; a failure is told, and tried again with the next change. */
  #heed(session: Session, answer: MaybePromise<void>): void {
    if (!isPromise(answer)) return;
    const { clientId } = session;
    const work = answer
      .catch((error: unknown) => {
        this.hub.logger.error({ err: error, clientId }, 'An MQTT session could not be kept');
      })
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  #end(session: Session): void {
    this.#away.delete(session);
    this.#sessions.delete(session.key);
    this.#heed(session, session.close());
    // The end of a session ends the delay of its will (MQTT 5.0 section 3.1.3.2.2).
    session.willMs = 0;
    this.#publishDueWill(session, 0);
  }

  #publishDueWill(session: Session, nowMs: number): void {
    const { will, origin } = session;
    if (will === undefined || session.willMs > nowMs) return;
    session.will = undefined;
    const refused = (error: unknown): void => {
      const { clientId } = session;
      this.hub.logger.info({ err: error, clientId }, 'A will was refused');
    };
    try {
      const messages = [will.message()];
      const published = this.hub.publish(messages, origin);
      const retain = () => this.retained.put(messages);
      const answer = isPromise(published) ? published.then(retain) : retain();
      if (isPromise(answer)) answer.catch(refused);
    } catch (error) {
      refused(error);
    }
  }

  /** For who has subscribed to them; nobody else is to pay for them. */
  #publishFigures(): void {
    if (![...this.#sessions.values()].some((session) => session.wantsSystem)) return;
    try {
      const answer = this.hub.publish(this.system.messages(), {
        principal: LOCAL,
        meter: this.meter,
      });
      if (isPromise(answer)) answer.catch(() => undefined);
    } catch {
      // The hub stops: nobody reads them any more.
    }
  }

  #tick(nowMs: number): void {
    this.encoder.forget();
    for (const connection of this.connections) connection.tick(nowMs);
    if (++this.#ticks % SYSTEM_TICKS === 0) this.#publishFigures();
    for (const session of this.#sessions.values()) this.#heed(session, session.keepChanges());
    for (const session of this.#away) {
      if (session.endsMs <= nowMs) this.#end(session);
      else this.#publishDueWill(session, nowMs);
    }
  }
}

/** Unlike that of any other session and run. */
function tagOf(): string {
  return randomBytes(9).toString('base64url');
}
