import { readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { CONFIG_FILE_NAME } from './load.ts';
import { ConfigError } from './mistake.ts';

/** What `polywire up` was pointed at. */
export interface Targets {
  /** Absolute path of the YAML file; undefined for none. */
  readonly configFile: string | undefined;
  /** Files that must hold an application. */
  readonly applications: readonly string[];
  /** Files of folders: those that hold no application are passed over. */
  readonly candidates: readonly string[];
}

const CODE = new Set(['.ts', '.mts', '.js', '.mjs']);
const YAML = new Set(['.yaml', '.yml']);

/**
 * The rule: a YAML file is the configuration, a TypeScript or JavaScript file is an application, a
 * folder is its polywire.yaml or, without one, every file of code directly in it (not tests) whose
 * default export is an application. Without any target: polywire.yaml in `directory`, if there.
 * @throws ConfigError
 */
export async function findTargets(
  targets: readonly string[],
  directory: string,
  config: string | undefined,
): Promise<Targets> {
  const configs = config === undefined ? [] : [resolve(directory, config)];
  const applications: string[] = [];
  const candidates: string[] = [];
  for (const target of targets) {
    const path = resolve(directory, target);
    const kind = await kindOf(path);
    if (kind === 'absent') refuse(target, 'does not exist; expected a file or a folder');
    if (kind === 'folder') {
      const file = join(path, CONFIG_FILE_NAME);
      if ((await kindOf(file)) === 'file') configs.push(file);
      else candidates.push(...(await codeIn(path, target)));
    } else if (YAML.has(extname(path))) configs.push(path);
    else if (CODE.has(extname(path))) applications.push(path);
    else refuse(target, 'is neither YAML (.yaml, .yml) nor code (.ts, .mts, .js, .mjs)');
  }
  if (targets.length === 0 && config === undefined) {
    const file = join(directory, CONFIG_FILE_NAME);
    if ((await kindOf(file)) === 'file') configs.push(file);
  }
  if (configs.length > 1) {
    refuse(configs[1]!, `is a second configuration beside ${configs[0]}; expected one`);
  }
  return { configFile: configs[0], applications, candidates };
}

/** The files of code directly in a folder, tests left out. @throws ConfigError where there are none */
export async function codeIn(folder: string, shown: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(
    (name) => CODE.has(extname(name)) && !/\.(test|d)\.m?[jt]s$/.test(name),
  );
  if (names.length === 0) {
    refuse(shown, `holds neither ${CONFIG_FILE_NAME} nor a .ts or .js file`);
  }
  return names.sort().map((name) => join(folder, name));
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'absent'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    // Not there, or not to be seen by us, which is the same to whoever asks.
    return 'absent';
  }
}

function refuse(where: string, message: string): never {
  throw new ConfigError([{ where, path: '', message }]);
}
