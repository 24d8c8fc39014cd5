import type { Static, TObject } from 'typebox';
import { Type } from '../hub/option-type.ts';
import { HubSettings } from '../hub/options.ts';
import { StorageOptions, StreamOptions } from '../hub/streams/settings.ts';
import { AuthenticationOptions } from '../middleware/authenticate.ts';
import { TelemetryOptions } from '../middleware/telemetry.ts';
import type { JsonSchemaObject } from '../model/schema.ts';
import { netOptions } from '../net/options.ts';
import { PROTOCOLS } from '../standard.ts';
import { LOG_LEVELS } from './logger.ts';

/**
 * The schema of polywire.yaml, put together from the options of every part. Validation,
 * environment variables, command line, reference and the redaction of secrets follow from it.
 */

const log = Type.Object(
  {
    level: Type.Enum([...LOG_LEVELS], {
      default: 'info',
      description: 'The least that is logged.',
    }),
    format: Type.Enum(['auto', 'json', 'text'], {
      default: 'auto',
      description: 'How log lines look on stderr; auto: text at a terminal, else JSON lines.',
    }),
    access: Type.Boolean({
      default: false,
      description: 'A line for each call that succeeded; calls that failed have theirs anyway.',
    }),
  },
  { additionalProperties: false, description: 'The log, on stderr.' },
);

const drain = Type.Object(
  {
    deadlineMs: Type.Integer({
      default: 10_000,
      minimum: 0,
      maximum: 3_600_000,
      description: 'How long running calls may take to finish when the hub is told to stop.',
    }),
  },
  { additionalProperties: false, description: 'The graceful stop.' },
);

function protocolSection(title: string, options: TObject): TObject {
  return Type.Object(
    {
      enabled: Type.Boolean({ default: true, description: `Serve ${title}.` }),
      ...options.properties,
    },
    { additionalProperties: false, description: `${title}.` },
  );
}

export const configSchema = Type.Object(
  {
    applications: Type.Array(Type.String({ format: 'path', minLength: 1 }), {
      default: [],
      description:
        'TypeScript or JavaScript files whose default export is an application (a contract with its handlers).',
    }),
    data: Type.String({
      default: '.polywire',
      minLength: 1,
      format: 'path',
      description: 'Folder for state; made with mode 0700.',
    }),
    ...netOptions.properties,
    hub: Type.Object(HubSettings.properties, {
      additionalProperties: false,
      description: 'The hub itself.',
    }),
    storage: StorageOptions,
    streams: Type.Record(Type.String(), StreamOptions, {
      default: {},
      description:
        'Streams by their names: those of your own, and changes to those of the events of contracts. A stream that is not mentioned any more stays until it is removed.',
    }),
    protocols: Type.Object(
      Object.fromEntries(
        PROTOCOLS.map((protocol) => [
          protocol.name,
          protocolSection(protocol.title, protocol.options),
        ]),
      ) as Record<string, TObject>,
      { additionalProperties: false, description: 'Each protocol and its options.' },
    ),
    auth: AuthenticationOptions,
    drain,
    telemetry: TelemetryOptions,
    log,
  },
  { additionalProperties: false },
);

/** The same, for code that walks any schema. */
export const configJsonSchema = configSchema as unknown as JsonSchemaObject;

/** The whole configuration, defaults filled in, paths absolute. */
export type Config = Omit<Static<typeof configSchema>, 'protocols'> & {
  readonly protocols: Readonly<Record<string, { readonly enabled: boolean }>>;
};
