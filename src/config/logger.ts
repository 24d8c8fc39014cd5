import { createRequire } from 'node:module';
import { styleText } from 'node:util';
import type { Logger } from '../hub/logger.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  readonly color: boolean;
  /** Where lines go; file descriptor 2 where absent. */
  readonly write?: ((line: string) => void) | undefined;
}

/** Members that are never written, whatever object they are found in. */
const SECRETS = ['authorization', 'cookie', 'password', 'secret', 'token'];

/** JSON lines for machines, short lines for a person at a terminal. */
export function createLogger(options: LoggerOptions): Logger {
  return options.format === 'text' ? new TextLogger(options) : new JsonLogger(options);
}

/** Loads pino for its first line: a hub that has nothing to say does without its memory. */
class JsonLogger implements Logger {
  readonly #options: LoggerOptions;
  readonly #lowest: number;
  #pino: Logger | undefined;

  constructor(options: LoggerOptions) {
    this.#options = options;
    this.#lowest = LOG_LEVELS.indexOf(options.level);
  }

  debug(fields: object, message: string): void {
    if (this.#lowest <= 0) this.#loaded().debug(fields, message);
  }

  info(fields: object, message: string): void {
    if (this.#lowest <= 1) this.#loaded().info(fields, message);
  }

  warn(fields: object, message: string): void {
    if (this.#lowest <= 2) this.#loaded().warn(fields, message);
  }

  error(fields: object, message: string): void {
    if (this.#lowest <= 3) this.#loaded().error(fields, message);
  }

  #loaded(): Logger {
    this.#pino ??= pinoLogger(this.#options);
    return this.#pino;
  }
}

function pinoLogger(options: LoggerOptions): Logger {
  const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
  const settings = {
    level: options.level,
    base: { pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '***' },
  };
  const { write } = options;
  return write === undefined
    ? pino(settings, pino.destination({ dest: 2, sync: true }))
    : pino(settings, { write });
}

const STYLES = { debug: 'gray', info: 'cyan', warn: 'yellow', error: 'red' } as const;

/** `12:30:01 warn  a sentence  name=value` */
class TextLogger implements Logger {
  readonly #lowest: number;
  readonly #color: boolean;
  readonly #write: (line: string) => void;

  constructor(options: LoggerOptions) {
    this.#lowest = LOG_LEVELS.indexOf(options.level);
    this.#color = options.color;
    this.#write = options.write ?? ((line) => process.stderr.write(line));
  }

  debug(fields: object, message: string): void {
    this.#log('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.#log('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#log('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#log('error', fields, message);
  }

  #log(level: keyof typeof STYLES, fields: object, message: string): void {
    if (LOG_LEVELS.indexOf(level) < this.#lowest) return;
    const time = new Date().toTimeString().slice(0, 8);
    const label = level.padEnd(5);
    const shown = this.#color ? styleText(STYLES[level], label, { validateStream: false }) : label;
    this.#write(`${time} ${shown} ${oneLine(message)}${fieldsText(fields)}\n`);
  }
}

function fieldsText(fields: object): string {
  let text = '';
  let stack = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (SECRETS.includes(name)) text += `  ${name}=***`;
    else if (value instanceof Error) {
      text += `  ${name}=${oneLine(value.message)}`;
      stack = `\n${value.stack ?? ''}`;
    } else text += `  ${name}=${oneLine(typeof value === 'string' ? value : jsonText(value))}`;
  }
  return text + stack;
}

function jsonText(value: unknown): string {
  return (
    JSON.stringify(value, (name, member) => (SECRETS.includes(name) ? '***' : member)) ??
    'undefined'
  );
}

/** A name that a client chose must not begin a line of its own, nor steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) =>
    JSON.stringify(character).slice(1, -1).replace('\x7f', '\\u007f'),
  );
}
