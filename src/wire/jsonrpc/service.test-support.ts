import { application, eventType, operation } from '../../hub/application.test-support.ts';
import { createHub, type RunningHub } from '../../hub/create-hub.ts';
import type { HubOptions } from '../../hub/options.ts';
import type { Application, Context } from '../../model/application.ts';
import { Fault } from '../../model/fault.ts';
import { NO_METADATA } from '../../model/metadata.ts';
import { LOCAL } from '../../model/principal.ts';
import type { RpcService } from './answer.ts';
import { ClientSession } from './client-session.ts';
import type { SessionLimits } from './methods.ts';
import { type MessageTransport, Session } from './session.ts';

/** Material for the tests of what speaks JSON-RPC: a hub with one operation of each kind. */

export const LIMITS: SessionLimits = {
  maxMessageBytes: 100_000,
  maxBatch: 10,
  maxInFlight: 4,
  maxStreams: 4,
  streamWindow: 8,
  maxDepth: 64,
};

const numbers = { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } };
const stream = { schema: true, stream: true };

/** What the handlers of the test application have seen. */
export interface Seen {
  aborted: string[];
  produced: number;
  taken: number;
}

export function rpcApplication(seen: Seen): Application {
  return application(
    [
      [operation('echo'), (input: unknown) => input],
      [
        operation('subtract', { input: { schema: { $ref: '#/$defs/Pair' }, stream: false } }),
        ({ a = 0, b = 0 }: { a?: number; b?: number }) => a - b,
      ],
      [operation('later'), async (input: unknown) => input],
      [operation('nothing'), () => undefined],
      [
        operation('fail', { errors: ['Refused'] }),
        () => {
          throw new Fault('FAILED_PRECONDITION', 'Not today.', {
            error: 'Refused',
            data: { day: 1 },
          });
        },
      ],
      [operation('break'), () => Promise.reject(new Error('secret'))],
      [
        operation('metadata'),
        (_: unknown, context: Context) => {
          context.setReplyMetadata('x-reply', 'yes');
          return Object.fromEntries(context.metadata.entries());
        },
      ],
      [
        operation('forever'),
        (_: unknown, { signal }: Context) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              seen.aborted.push((signal.reason as Fault).code);
              reject(signal.reason as Fault);
            });
          }),
      ],
      [
        operation('count', { output: stream, errors: ['Refused'] }),
        async function* ({ to, fail, pad }: { to: number; fail?: boolean; pad?: number }) {
          for (let n = 1; n <= to; n++) {
            seen.produced++;
            yield pad === undefined ? n : 'x'.repeat(pad);
          }
          if (fail === true)
            throw new Fault('FAILED_PRECONDITION', 'Gone.', { error: 'Refused', data: 9 });
        },
      ],
      ...streamOperations(seen),
    ],
    {
      contract: {
        $defs: { Pair: numbers },
        errors: { Refused: { code: 'FAILED_PRECONDITION', data: true } },
      },
      events: [eventType('moved')],
    },
  );
}

type Member = Parameters<typeof application>[0][number];

/** Operations whose input streams. */
function streamOperations(seen: Seen): Member[] {
  return [
    [
      operation('sum', { kind: 'command', input: stream }),
      async (items: AsyncIterable<number>) => {
        let sum = 0;
        for await (const item of items) {
          seen.taken++;
          sum += item;
        }
        return sum;
      },
    ],
    [
      operation('first', { kind: 'command', input: stream }),
      async (items: AsyncIterable<number>) => {
        for await (const item of items) return item;
        return null;
      },
    ],
    [
      operation('length', { kind: 'command', input: stream }),
      async (items: AsyncIterable<unknown>) => {
        let length = 0;
        for await (const _ of items) length++;
        return length;
      },
    ],
    [
      operation('same', { kind: 'command', input: stream, output: stream }),
      async function* (items: AsyncIterable<unknown>) {
        yield* items;
      },
    ],
    [
      operation('twice', { kind: 'command', input: stream, output: stream }),
      async function* (items: AsyncIterable<number>) {
        for await (const item of items) yield item * 2;
      },
    ],
  ];
}

export interface TestService extends RpcService {
  readonly hub: RunningHub;
  readonly seen: Seen;
}

export async function startService(
  limits: Partial<SessionLimits> = {},
  options: HubOptions = {},
): Promise<TestService> {
  const seen: Seen = { aborted: [], produced: 0, taken: 0 };
  const hub = createHub(options);
  hub.add(rpcApplication(seen));
  await hub.start();
  return {
    hub,
    seen,
    meter: hub.diagnostics.meter('test'),
    limits: { ...LIMITS, ...limits },
    authenticateTimeoutMs: 0,
    discover: () => ({ openrpc: '1.3.2' }),
  };
}

/** A transport that keeps what is sent and does as it is told. */
export class TestTransport implements MessageTransport {
  readonly sent: string[] = [];
  full = false;
  paused = false;
  closedWith: string | undefined;
  onSent: ((text: string) => void) | undefined;

  send(text: string): boolean {
    this.sent.push(text);
    this.onSent?.(text);
    return !this.full;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(reason: string): void {
    this.closedWith = reason;
  }

  messages(): { id?: unknown; method?: string; result?: unknown; error?: { code: number } }[] {
    return this.sent.map((text) => JSON.parse(text));
  }
}

export interface SessionUnderTest {
  readonly transport: TestTransport;
  readonly session: Session;
  /** Sends a value, or a text as it is. */
  receive(value: unknown): void;
}

export function openSession(service: RpcService): SessionUnderTest {
  const transport = new TestTransport();
  const session = new Session(service, transport, LOCAL, NO_METADATA);
  return {
    transport,
    session,
    receive: (value) => session.receive(typeof value === 'string' ? value : JSON.stringify(value)),
  };
}

/** A client's session and a hub's, joined in memory; messages arrive in later turns. */
export function joinSessions(service: RpcService): { client: ClientSession } & SessionUnderTest {
  const server = openSession(service);
  const client = new ClientSession({
    send(text) {
      setImmediate(() => server.session.receive(text));
      return true;
    },
  });
  server.transport.onSent = (text) => setImmediate(() => client.receive(text));
  return { client, ...server };
}

/** Waits, turn by turn, until something holds; fails after many turns. */
export async function until(holds: () => boolean, what = 'the condition'): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns > 2000) throw new Error(`${what} never came to hold`);
    await new Promise((resolve) => setTimeout(resolve, turns > 100 ? 1 : 0));
  }
}
