import type { Static } from 'typebox';
import type { Authenticator } from './authenticator.ts';
import type { Logger } from './logger.ts';
import type { Middleware } from './middleware.ts';
import { Type } from './option-type.ts';
import type { HubStorage } from './streams/hub-streams.ts';

/** What an operator may set about the hub itself. */
export const HubSettings = Type.Object(
  {
    defaultDeadlineMs: Type.Integer({
      minimum: 1,
      maximum: 86_400_000,
      default: 30_000,
      description:
        'How long a call without a deadline of its own may take, in milliseconds. Calls that stream in either direction have no deadline unless the caller sets one.',
    }),
    maxDeadlineMs: Type.Integer({
      minimum: 1,
      maximum: 86_400_000,
      default: 3_600_000,
      description: 'The longest deadline that a caller may ask for, in milliseconds.',
    }),
    maxInFlight: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      default: 10_000,
      description:
        'Calls from outside that may run at once; beyond it a call is refused with RESOURCE_EXHAUSTED.',
    }),
    validateOutputs: Type.Union(
      [Type.Literal('always'), Type.Literal('development'), Type.Literal('never')],
      {
        default: 'always',
        description:
          'When answers are checked against the contract. "development": unless NODE_ENV is "production".',
      },
    ),
    historyRecords: Type.Integer({
      minimum: 0,
      maximum: 10_000_000,
      default: 10_000,
      description:
        'Messages that no stream holds are kept in memory so that a subscriber can resume after an interruption: so many.',
    }),
    historyBytes: Type.Integer({
      minimum: 0,
      maximum: 17_179_869_184,
      default: 16_777_216,
      description: 'Bytes of messages kept in memory for the same purpose.',
    }),
    subscriberBufferMessages: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      default: 1024,
      description:
        'Messages that no stream holds and that wait for a slow subscriber; beyond it the oldest are dropped and counted.',
    }),
    subscriberBufferBytes: Type.Integer({
      minimum: 1024,
      maximum: 17_179_869_184,
      default: 8_388_608,
      description: 'Bytes of messages that wait for a slow subscriber.',
    }),
  },
  { additionalProperties: false },
);

export type HubSettings = Static<typeof HubSettings>;

/** The settings where nothing is configured; the schema's own defaults. */
export const DEFAULT_HUB_SETTINGS: HubSettings = Object.freeze(
  Object.fromEntries(
    Object.entries(HubSettings.properties).map(([name, schema]) => [
      name,
      (schema as { default?: unknown }).default,
    ]),
  ) as HubSettings,
);

export interface HubOptions extends Partial<HubSettings> {
  /** Layers around every handler and every publish, outermost first. Authorization and validation
   * are not among them: the hub has them always, outside of all layers. */
  readonly middleware?: readonly Middleware[];
  /** Absent: everybody is the local principal. */
  readonly authenticator?: Authenticator | undefined;
  /** Absent: nothing is logged. */
  readonly logger?: Logger | undefined;
  /** Folder for what applications keep; made when it is needed. Absent: a temporary folder,
   * removed when the hub stops. */
  readonly dataDirectory?: string | undefined;
  /** Absent: there are no streams, and messages are kept in memory only. */
  readonly storage?: HubStorage | undefined;
}
