import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
} from 'yaml';
import { FromText } from '../hub/option-value.ts';
import type { Mistake } from './mistake.ts';

/** Where the parts of a YAML file stand, by option path. */
export class Positions {
  readonly #file: string;
  readonly #values = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  constructor(file: string) {
    this.#file = file;
  }

  set(path: readonly string[], value: string, key: string | undefined): void {
    const text = pathKey(path);
    this.#values.set(text, value);
    if (key !== undefined) this.#keys.set(text, key);
  }

  /** `file:line:column` of a value, or of the nearest thing around it that is written. */
  of(path: readonly string[], onKey = false): string {
    const own = (onKey ? this.#keys : this.#values).get(pathKey(path));
    if (own !== undefined) return own;
    for (let length = path.length - 1; length >= 0; length--) {
      const text = pathKey(path.slice(0, length));
      const around = this.#keys.get(text) ?? this.#values.get(text);
      if (around !== undefined) return around;
    }
    return `${this.#file}:1:1`;
  }
}

export interface YamlFile {
  /** Plain objects, lists and scalars; FromText where an environment variable came in. Undefined
   * where the file could not be read as YAML. */
  readonly value: unknown;
  readonly positions: Positions;
  readonly mistakes: readonly Mistake[];
}

export interface YamlLimits {
  /** Nodes after aliases are followed: an alias bomb ends here. */
  readonly maxNodes: number;
  readonly maxDepth: number;
}

export const YAML_LIMITS: YamlLimits = { maxNodes: 20_000, maxDepth: 32 };

/** Separates levels of a path in a map key; no YAML key of ours holds it. */
function pathKey(path: readonly string[]): string {
  return path.join('\0');
}

/**
 * Reads YAML 1.2 text with the position of every part. `${NAME}` and `${NAME:-default}` inside
 * values are replaced from `environment`; `$${` stands for a plain `${`.
 * @param file name that mistakes are told with
 */
export function readYaml(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  limits: YamlLimits = YAML_LIMITS,
): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
    stringKeys: true,
  });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const positions = new Positions(file);
  const mistakes: Mistake[] = document.errors.map((error) => ({
    where: at(error.pos[0]),
    path: '',
    message: `this is no valid YAML: ${error.message}`,
  }));
  if (mistakes.length > 0) return { value: undefined, positions, mistakes };
  const walk = new Walk(document, at, positions, mistakes, environment, limits);
  const value = walk.value(document.contents, [], undefined, 0);
  return { value: value ?? {}, positions, mistakes };
}

class Walk {
  readonly #document: Document;
  readonly #at: (offset: number) => string;
  readonly #positions: Positions;
  readonly #mistakes: Mistake[];
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #limits: YamlLimits;
  #nodes = 0;

  constructor(
    document: Document,
    at: (offset: number) => string,
    positions: Positions,
    mistakes: Mistake[],
    environment: Readonly<Record<string, string | undefined>>,
    limits: YamlLimits,
  ) {
    this.#document = document;
    this.#at = at;
    this.#positions = positions;
    this.#mistakes = mistakes;
    this.#environment = environment;
    this.#limits = limits;
  }

  value(
    node: unknown,
    path: readonly string[],
    keyPosition: string | undefined,
    depth: number,
  ): unknown {
    const own = node as Node | null;
    const where = own?.range ? this.#at(own.range[0]) : (keyPosition ?? this.#at(0));
    this.#positions.set(path, where, keyPosition);
    this.#nodes++;
    if (this.#nodes > this.#limits.maxNodes || depth > this.#limits.maxDepth) {
      if (this.#nodes !== Number.POSITIVE_INFINITY) {
        this.#mistakes.push({
          where,
          path: path.join('.'),
          message:
            depth > this.#limits.maxDepth
              ? `is nested deeper than ${this.#limits.maxDepth} levels`
              : `the file has more than ${this.#limits.maxNodes} values once its aliases are followed`,
        });
      }
      this.#nodes = Number.POSITIVE_INFINITY;
      return undefined;
    }
    if (isAlias(own)) {
      return this.value(own.resolve(this.#document), path, keyPosition, depth + 1);
    }
    if (isMap(own)) return this.#map(own.items as Pair[], path, depth);
    if (isSeq(own)) {
      return own.items.map((item, index) =>
        this.value(item, [...path, String(index)], undefined, depth + 1),
      );
    }
    return isScalar(own) ? this.#scalar(own, path, where) : null;
  }

  #map(pairs: readonly Pair[], path: readonly string[], depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const pair of pairs) {
      const key = pair.key as Scalar;
      const name = String(key.value);
      const keyPosition = this.#at(key.range?.[0] ?? 0);
      if (name === '__proto__') {
        this.#mistakes.push({
          where: keyPosition,
          path: path.join('.'),
          message: '"__proto__" is no option here',
        });
        continue;
      }
      result[name] = this.value(pair.value, [...path, name], keyPosition, depth + 1);
    }
    return result;
  }

  #scalar(node: Scalar, path: readonly string[], where: string): unknown {
    if (typeof node.value !== 'string' || !node.value.includes('$')) return node.value;
    let replaced = false;
    const text = node.value.replace(
      /\$\$\{|\$\{([^}]*)\}/g,
      (whole, inside: string | undefined) => {
        if (inside === undefined) return '${';
        replaced = true;
        return this.#variable(whole, inside, path, where);
      },
    );
    // Quoted, it is a text whatever the variable holds; plain, it takes the option's type.
    return replaced && node.type === Scalar.PLAIN ? new FromText(text) : text;
  }

  #variable(whole: string, inside: string, path: readonly string[], where: string): string {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(inside);
    const tell = (message: string): string => {
      this.#mistakes.push({ where, path: path.join('.'), message });
      return '';
    };
    if (match === null) {
      return tell(`${whole} is not understood, expected \${NAME} or \${NAME:-default}`);
    }
    const value = this.#environment[match[1]!];
    if (value !== undefined && value !== '') return value;
    return (
      match[2] ??
      tell(`environment variable ${match[1]} is not set; set it, or write \${${match[1]}:-default}`)
    );
  }
}
