import type { Application, Handler, Parser } from '../model/application.ts';
import { Call, type CallOptions } from '../model/call.ts';
import type { Contract, EventType, Operation } from '../model/contract.ts';
import type { Message } from '../model/message.ts';
import { LOCAL } from '../model/principal.ts';
import type { JsonSchema } from '../model/schema.ts';

/** Material for the hub's own tests: small contracts and messages. */

const ANY: JsonSchema = true;

export function operation(name: string, parts: Partial<Operation> = {}): Operation {
  return {
    name,
    kind: 'query',
    input: { schema: ANY, stream: false },
    output: { schema: ANY, stream: false },
    errors: [],
    scopes: [],
    examples: [],
    ...parts,
  };
}

export function eventType(name: string, parts: Partial<EventType> = {}): EventType {
  return { name, subject: `test.${name}`, schema: ANY, scopes: [], examples: [], ...parts };
}

/** One service, `test`, with these operations and their handlers. */
export function application(
  members: readonly (readonly [Operation, (input: never, context: never) => unknown])[],
  more: {
    readonly contract?: Partial<Contract>;
    readonly events?: readonly EventType[];
    readonly parsers?: ReadonlyMap<string, Parser>;
    readonly start?: Application['start'];
    readonly stop?: Application['stop'];
  } = {},
): Application {
  return {
    contract: {
      polywire: '1',
      name: 'test',
      version: '1.0.0',
      services: [
        { name: 'test', operations: members.map(([one]) => one), events: more.events ?? [] },
      ],
      errors: {},
      $defs: {},
      ...more.contract,
    },
    handlers: new Map(
      members.map(([one, handler]) => [`test.${one.name}`, handler as unknown as Handler]),
    ),
    parsers: more.parsers ?? new Map(),
    ...(more.start === undefined ? {} : { start: more.start }),
    ...(more.stop === undefined ? {} : { stop: more.stop }),
  };
}

export function callOf(input: unknown, options: Partial<CallOptions> = {}): Call {
  return new Call({ principal: LOCAL, ...options, input });
}

export function message(subject: string, payload = '', parts: Partial<Message> = {}): Message {
  return {
    subject,
    key: undefined,
    headers: [],
    payload: Buffer.from(payload),
    contentType: undefined,
    timeMs: 0,
    id: 'test',
    source: 'test',
    trace: undefined,
    ...parts,
  };
}
