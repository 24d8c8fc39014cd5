/** org.apache.kafka.clients.admin.ConfigEntry.ConfigType */
export const CONFIG_TYPE = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
} as const;
export type ConfigType = (typeof CONFIG_TYPE)[keyof typeof CONFIG_TYPE];

/** org.apache.kafka.clients.admin.ConfigEntry.ConfigSource */
export const CONFIG_SOURCE = { topic: 1, broker: 4, default: 5 } as const;

/** org.apache.kafka.common.config.ConfigResource.Type */
export const RESOURCE = { topic: 2, broker: 4 } as const;

/** A setting that cannot be; the message is for whoever set it. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

export function integer(name: string, text: string, min: number, max: number): number {
  const value = /^-?\d{1,19}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= min)) throw bad(name, text, `an integer, at least ${min}`);
  // Clients say "for ever" with the largest 64-bit number.
  return Math.min(value, max);
}

export function oneOf(name: string, text: string, values: readonly string[]): string {
  if (!values.includes(text)) throw bad(name, text, `one of ${values.join(', ')}`);
  return text;
}

export function wordList(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function bad(name: string, text: string, expected: string): ConfigError {
  return new ConfigError(
    `Invalid value ${text.slice(0, 100)} for configuration ${name}: expected ${expected}`,
  );
}
