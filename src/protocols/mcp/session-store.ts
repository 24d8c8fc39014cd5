import { Fault } from '../../model/fault.ts';
import type { Principal } from '../../model/principal.ts';
import type { McpService } from './service.ts';
import { Session } from './session.ts';

/** The sessions of one hub, in the order of their last use. */
export class SessionStore {
  readonly #service: McpService;
  readonly #sessions = new Map<string, Session>();
  #timer: NodeJS.Timeout | undefined;

  constructor(service: McpService) {
    this.#service = service;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** @throws Fault RESOURCE_EXHAUSTED when all sessions there may be are busy */
  create(principal: Principal): Session {
    const { maxSessions, sessionIdleMs } = this.#service.options;
    if (this.#sessions.size >= maxSessions) this.#evict(maxSessions);
    const session = new Session(this.#service, principal);
    this.#sessions.set(session.id, session);
    this.#timer ??= setInterval(() => this.#endIdle(), Math.min(sessionIdleMs, 60_000)).unref();
    return session;
  }

  /** The session, used just now; undefined for one that is not, or is another principal's. */
  find(id: string, principal: Principal): Session | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || !session.belongsTo(principal)) return undefined;
    session.lastUsedMs = Date.now();
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  end(session: Session): void {
    this.#sessions.delete(session.id);
    session.close();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const session of [...this.#sessions.values()]) this.end(session);
  }

  /** Ends the event streams that belong to no request: the hub stops. */
  endStreams(): void {
    for (const session of this.#sessions.values()) session.standalone.end();
  }

  #evict(maxSessions: number): void {
    for (const session of this.#sessions.values()) {
      if (session.busy) continue;
      this.end(session);
      return;
    }
    throw new Fault(
      'RESOURCE_EXHAUSTED',
      `There are ${maxSessions} sessions, all of them busy, and no more are taken (maxSessions).`,
    );
  }

  #endIdle(): void {
    const before = Date.now() - this.#service.options.sessionIdleMs;
    for (const session of this.#sessions.values()) {
      if (session.lastUsedMs <= before && !session.busy) this.end(session);
    }
  }
}
