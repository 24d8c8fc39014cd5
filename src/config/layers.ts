import { dirname, resolve } from 'node:path';
import { checkValue, didYouMean, FromText } from '../hub/option-value.ts';
import type { JsonSchemaObject } from '../model/schema.ts';
import { suggest } from '../model/suggest.ts';
import type { Mistake } from './mistake.ts';
import { environmentName, listOptions } from './option-paths.ts';
import type { YamlFile } from './yaml-file.ts';

/** A value from the command line. */
export interface Flag {
  readonly path: readonly string[];
  readonly value: unknown;
  /** As the person wrote it: `option --port`. */
  readonly where: string;
}

export interface Layers {
  readonly schema: JsonSchemaObject;
  /** The YAML file, if there is one, and its absolute path. */
  readonly yaml?: { readonly content: YamlFile; readonly path: string } | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly Flag[];
  /** Relative paths of flags and environment variables start here. */
  readonly directory: string;
  /** Variables that begin with POLYWIRE_ and are no option: of the client commands. */
  readonly otherVariables: ReadonlySet<string>;
}

export interface Layered {
  /** Complete, with defaults. Of no use when there are mistakes. */
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** Environment variables that look like options and are none. */
  readonly warnings: readonly string[];
}

/** Flags over environment over YAML over defaults, checked as a whole. */
export function layer(layers: Layers): Layered {
  const { schema, yaml } = layers;
  const mistakes: Mistake[] = [...(yaml?.content.mistakes ?? [])];
  const origins = new Map<string, string>();
  const tree = structureOf(yaml?.content.value);
  const put = (path: readonly string[], value: unknown, where: string): void => {
    if (setAt(tree, path, value)) origins.set(path.join('\0'), where);
  };
  const warnings = putEnvironment(layers, put);
  for (const flag of layers.flags) put(flag.path, flag.value, flag.where);
  // A file that is no YAML has said nothing about its options.
  if (yaml !== undefined && yaml.content.value === undefined)
    return { value: {}, mistakes, warnings };

  const originOf = (path: readonly string[]): string | undefined => {
    for (let length = path.length; length > 0; length--) {
      const origin = origins.get(path.slice(0, length).join('\0'));
      if (origin !== undefined) return origin;
    }
    return undefined;
  };
  const whole = yaml?.content.value ?? tree;
  const value = checkValue(
    schema,
    isPlain(whole) ? tree : whole,
    [],
    (path, message, onKey = false) => {
      const where = originOf(path) ?? yaml?.content.positions.of(path, onKey) ?? 'configuration';
      const name = path.join('.');
      mistakes.push({
        where,
        path: name,
        message: onKey || name === '' ? message : `${name} ${message}`,
      });
    },
  );
  if (mistakes.length > 0) return { value, mistakes, warnings };
  const base = yaml === undefined ? layers.directory : dirname(yaml.path);
  return {
    value: resolvePaths(schema, value, [], (path, text) =>
      resolve(originOf(path) === undefined ? base : layers.directory, text),
    ),
    mistakes,
    warnings,
  };
}

function putEnvironment(
  layers: Layers,
  put: (path: readonly string[], value: unknown, where: string) => void,
): string[] {
  const names = new Map(
    listOptions(layers.schema).map((option) => [environmentName(option.path), option]),
  );
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(layers.environment)) {
    if (!name.startsWith('POLYWIRE_') || text === undefined || text === '') continue;
    const option = names.get(name);
    if (option !== undefined) {
      put(option.path, new FromText(text), `environment variable ${name}`);
    } else if (!layers.otherVariables.has(name)) {
      const meant = suggest(name, names.keys());
      warnings.push(`environment variable ${name} is no option${didYouMean(meant)}`);
    }
  }
  return warnings;
}

/** A copy of the sections, so that layers above do not change what was read. */
function structureOf(value: unknown): Record<string, unknown> {
  return isPlain(value) ? (copy(value) as Record<string, unknown>) : {};
}

function copy(value: unknown): unknown {
  return isPlain(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member)]))
    : value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof FromText)
  );
}

/** @returns false where a value that is no section is in the way (a mistake of its own). */
function setAt(tree: Record<string, unknown>, path: readonly string[], value: unknown): boolean {
  let section = tree;
  for (const level of path.slice(0, -1)) {
    section[level] ??= {};
    const inner = section[level];
    if (!isPlain(inner)) return false;
    section = inner;
  }
  section[path.at(-1)!] = value;
  return true;
}

/** Every text with `format: path` made absolute. */
function resolvePaths(
  schema: JsonSchemaObject,
  value: unknown,
  path: readonly string[],
  absolute: (path: readonly string[], text: string) => string,
): unknown {
  if (typeof value === 'string') return schema.format === 'path' ? absolute(path, value) : value;
  if (Array.isArray(value)) {
    const items = (schema.items ?? {}) as JsonSchemaObject;
    return value.map((item, index) =>
      resolvePaths(items, item, [...path, String(index)], absolute),
    );
  }
  if (!isPlain(value)) return value;
  const properties = (schema.properties ?? {}) as Record<string, JsonSchemaObject>;
  const patterns = Object.values((schema.patternProperties ?? {}) as object);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      resolvePaths(properties[name] ?? patterns[0] ?? {}, member, [...path, name], absolute),
    ]),
  );
}
