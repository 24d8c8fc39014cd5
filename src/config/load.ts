import { readFile, stat } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { type Flag, layer } from './layers.ts';
import { ConfigError, type Mistake } from './mistake.ts';
import { type Config, configJsonSchema } from './schema.ts';
import type { YamlFile } from './yaml-file.ts';

/** A configuration of a hundred thousand lines is a mistake or an attack. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

export const CONFIG_FILE_NAME = 'polywire.yaml';

export interface LoadOptions {
  /** The YAML file; none: environment, flags and defaults only. */
  readonly file?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly flags?: readonly Flag[];
  /** Relative paths start here, and mistakes name files relative to it. */
  readonly directory?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the YAML file. */
  readonly file: string | undefined;
  readonly warnings: readonly string[];
}

/** Variables of the client commands (`call`, `publish`, `subscribe`) and of the programs around. */
export const CLIENT_VARIABLES: ReadonlySet<string> = new Set([
  'POLYWIRE_URL',
  'POLYWIRE_TOKEN',
  'POLYWIRE_CACHE',
  'POLYWIRE_SUPERVISED',
]);

/** @throws ConfigError with every mistake. */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const directory = options.directory ?? process.cwd();
  const environment = options.environment ?? process.env;
  const path = options.file === undefined ? undefined : resolve(directory, options.file);
  const yaml =
    path === undefined
      ? undefined
      : { content: await readFileOf(path, directory, environment), path };
  const layered = layer({
    schema: configJsonSchema,
    yaml,
    environment,
    flags: options.flags ?? [],
    directory,
    otherVariables: CLIENT_VARIABLES,
  });
  if (layered.mistakes.length > 0) throw new ConfigError(layered.mistakes);
  return { config: layered.value as Config, file: path, warnings: layered.warnings };
}

async function readFileOf(
  path: string,
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<YamlFile> {
  const shown = relative(directory, path);
  const name = shown === '' || shown.startsWith('..') ? path : shown;
  const refuse = (message: string): never => {
    const mistake: Mistake = { where: name, path: '', message };
    throw new ConfigError([mistake]);
  };
  let text = '';
  try {
    const facts = await stat(path);
    if (!facts.isFile()) refuse(`this is no file; expected ${basename(path)} to be YAML`);
    if (facts.size > MAX_CONFIG_BYTES) {
      refuse(`the file has ${facts.size} bytes, expected at most ${MAX_CONFIG_BYTES}`);
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    refuse(`cannot be read: ${(error as Error).message}`);
  }
  const { readYaml } = await import('./yaml-file.ts');
  return readYaml(text, name, environment);
}
