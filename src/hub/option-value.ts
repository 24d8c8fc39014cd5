import type { JsonSchemaObject } from '../model/schema.ts';
import { suggest } from '../model/suggest.ts';

/**
 * Checks a value against an option schema and fills in defaults. Knows the part of JSON Schema
 * that option schemas are written in; a keyword outside of it is a programming error, found by
 * the test that walks every option. Unlike a general validator it reports every mistake with
 * words for people, and it never shows the value of a secret.
 */

/** A text from outside YAML (environment variable, command line): takes the type that its schema
 * says. */
export class FromText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** @param onKey the mistake is the key itself, not its value */
export type Report = (path: readonly string[], message: string, onKey?: boolean) => void;

/** The value with defaults filled in. After a report the answer is of no use. */
export function checkValue(
  schema: JsonSchemaObject,
  value: unknown,
  path: readonly string[],
  report: Report,
): unknown {
  const given = value instanceof FromText ? fromText(schema, value.text) : value;
  const choices = choicesOf(schema);
  if (choices !== undefined) return checkChoice(schema, choices, given, path, report);
  if (Array.isArray(schema.anyOf)) return checkAnyOf(schema, given, path, report);
  switch (schema.type) {
    case 'object':
      return checkObject(schema, given, path, report);
    case 'array':
      return checkArray(schema, given, path, report);
    case 'string':
      return checkString(schema, given, path, report);
    case 'integer':
    case 'number':
      return checkNumber(schema, given, path, report);
    case 'boolean':
      if (typeof given !== 'boolean') report(path, wrong(schema, given, 'true or false'));
      return given;
    default:
      return given;
  }
}

/**
 * Options given by code, with defaults filled in.
 * @throws TypeError with every mistake
 */
export function completeOptions<Options>(schema: object, given: unknown): Options {
  const mistakes: string[] = [];
  const complete = checkValue(schema as JsonSchemaObject, given, [], (path, message) => {
    mistakes.push(`${path.join('.')} ${message}`.trim());
  });
  if (mistakes.length > 0) throw new TypeError(`Bad options: ${mistakes.join('; ')}`);
  return complete as Options;
}

/** What an option takes, in words: `a whole number from 0 to 65535`. */
export function expectation(schema: JsonSchemaObject): string {
  const choices = choicesOf(schema);
  if (choices !== undefined) return `one of ${choices.map(String).join(', ')}`;
  const anyOf = schema.anyOf;
  if (Array.isArray(anyOf)) return anyOf.map(expectation).join(', or ');
  switch (schema.type) {
    case 'object':
      return 'a section (indented "name: value" lines)';
    case 'array':
      return `a list, each ${expectation((schema.items ?? {}) as JsonSchemaObject)}`;
    case 'string':
      return schema.format === 'path' ? 'a path' : 'a text';
    case 'integer':
    case 'number':
      return `a ${schema.type === 'integer' ? 'whole ' : ''}number${rangeText(schema)}`;
    case 'boolean':
      return 'true or false';
    default:
      return 'a value';
  }
}

/** The values of an enumeration; undefined for any other schema. */
export function choicesOf(schema: JsonSchemaObject): readonly unknown[] | undefined {
  if (Array.isArray(schema.enum)) return schema.enum;
  if ('const' in schema) return [schema.const];
  const anyOf = schema.anyOf as readonly JsonSchemaObject[] | undefined;
  if (anyOf?.every((option) => 'const' in option)) return anyOf.map((option) => option.const);
  return undefined;
}

function rangeText(schema: JsonSchemaObject): string {
  const low = schema.minimum as number | undefined;
  const high = schema.maximum as number | undefined;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  if (low !== undefined) return ` from ${low}`;
  if (high !== undefined) return ` up to ${high}`;
  return '';
}

function wrong(schema: JsonSchemaObject, value: unknown, expected: string): string {
  return `${describe(schema, value)}, expected ${expected}`;
}

/** A value as a mistake shows it; secrets stay secret. */
function describe(schema: JsonSchemaObject, value: unknown): string {
  if (value === undefined) return 'nothing is given';
  if (value === null) return 'is empty';
  if (Array.isArray(value)) return 'is a list';
  if (typeof value === 'object') return 'is a section';
  if (schema.writeOnly === true) return `is a ${typeof value} (not shown)`;
  const text = JSON.stringify(value);
  return `is ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`;
}

function fromText(schema: JsonSchemaObject, text: string): unknown {
  if (choicesOf(schema) !== undefined) {
    return choicesOf(schema)!.find((choice) => String(choice) === text) ?? text;
  }
  switch (schema.type) {
    case 'integer':
    case 'number':
      return /^-?[0-9]+(\.[0-9]+)?$/.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      return (
        ({ true: true, false: false, '1': true, '0': false } as Record<string, boolean>)[
          text.trim().toLowerCase()
        ] ?? text
      );
    case 'array':
      return text.trimStart().startsWith('[')
        ? (jsonOf(text) ?? text)
        : text
            .split(',')
            .filter((item) => item.trim() !== '')
            .map((item) => new FromText(item.trim()));
    case 'object':
      return jsonOf(text) ?? text;
    default:
      return text;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the caller's check says what was expected instead.
    return undefined;
  }
}

function checkChoice(
  schema: JsonSchemaObject,
  choices: readonly unknown[],
  value: unknown,
  path: readonly string[],
  report: Report,
): unknown {
  if (choices.includes(value)) return value;
  const meant =
    typeof value === 'string' && schema.writeOnly !== true
      ? suggest(value, choices.map(String))
      : undefined;
  report(path, `${wrong(schema, value, expectation(schema))}${didYouMean(meant)}`);
  return value;
}

export function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean "${name}"?`;
}

function checkAnyOf(
  schema: JsonSchemaObject,
  value: unknown,
  path: readonly string[],
  report: Report,
): unknown {
  const options = schema.anyOf as readonly JsonSchemaObject[];
  for (const option of options) {
    let clean = true;
    const checked = checkValue(option, value, path, () => {
      clean = false;
    });
    if (clean) return checked;
  }
  // The option of the value's own type has the most to say about what is wrong with it.
  const near = options.find((option) => option.type === jsonType(value));
  if (near !== undefined && (near.type === 'object' || near.type === 'array')) {
    return checkValue(near, value, path, report);
  }
  report(path, wrong(schema, value, expectation(schema)));
  return value;
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function checkObject(
  schema: JsonSchemaObject,
  value: unknown,
  path: readonly string[],
  report: Report,
): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    // A section whose lines are all commented out reads as null.
    if (value !== null) {
      report(path, wrong(schema, value, expectation(schema)));
      return value;
    }
  }
  const given = (value ?? {}) as Record<string, unknown>;
  const properties = (schema.properties ?? {}) as Record<string, JsonSchemaObject>;
  const required = new Set((schema.required ?? []) as readonly string[]);
  const result: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    const member = Object.hasOwn(given, name) ? given[name] : undefined;
    const inner = [...path, name];
    if (member !== undefined) {
      result[name] = checkValue(property, member, inner, report);
    } else if ('default' in property) {
      // A section's default is completed by the defaults inside it.
      result[name] = isSectionDefault(property)
        ? checkObject(property, property.default, inner, report)
        : structuredClone(property.default);
    } else if (required.has(name)) {
      if (property.type === 'object') result[name] = checkObject(property, {}, inner, report);
      else report(path, `"${name}" is missing, expected ${expectation(property)}`);
    }
  }
  checkOtherMembers(schema, given, result, path, report);
  return result;
}

function isSectionDefault(schema: JsonSchemaObject): boolean {
  return schema.type === 'object' && typeof schema.default === 'object';
}

/** Members that `properties` does not name: entries of a record, or unknown options. */
function checkOtherMembers(
  schema: JsonSchemaObject,
  given: Record<string, unknown>,
  result: Record<string, unknown>,
  path: readonly string[],
  report: Report,
): void {
  const properties = (schema.properties ?? {}) as Record<string, unknown>;
  const patterns = Object.values((schema.patternProperties ?? {}) as object);
  const entry = (patterns[0] ?? schema.additionalProperties) as JsonSchemaObject | undefined;
  for (const [name, member] of Object.entries(given)) {
    if (Object.hasOwn(properties, name)) continue;
    if (name !== '__proto__' && typeof entry === 'object') {
      result[name] = checkValue(entry, member, [...path, name], report);
      continue;
    }
    const meant = suggest(name, Object.keys(properties));
    const known =
      meant === undefined
        ? `; known here: ${Object.keys(properties).join(', ')}`
        : didYouMean(meant);
    report([...path, name], `"${name}" is no option here${known}`, true);
  }
}

function checkArray(
  schema: JsonSchemaObject,
  value: unknown,
  path: readonly string[],
  report: Report,
): unknown {
  // One entry may stand without a list around it.
  const list = typeof value === 'string' || value instanceof FromText ? [value] : value;
  if (!Array.isArray(list)) {
    report(path, wrong(schema, value, expectation(schema)));
    return value;
  }
  const items = (schema.items ?? {}) as JsonSchemaObject;
  return list.map((item, index) => checkValue(items, item, [...path, String(index)], report));
}

function checkString(
  schema: JsonSchemaObject,
  value: unknown,
  path: readonly string[],
  report: Report,
): unknown {
  if (typeof value !== 'string') {
    const hint =
      typeof value === 'number' || typeof value === 'boolean' ? ' (put it in quotes)' : '';
    report(path, `${wrong(schema, value, expectation(schema))}${hint}`);
    return value;
  }
  const shortest = (schema.minLength as number | undefined) ?? 0;
  if (value.length < shortest) {
    report(
      path,
      shortest === 1
        ? `is empty, expected ${expectation(schema)}`
        : `is too short (${value.length} characters), expected at least ${shortest}`,
    );
  }
  const pattern = schema.pattern as string | undefined;
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    report(path, wrong(schema, value, `a text that matches ${pattern}`));
  }
  return value;
}

function checkNumber(
  schema: JsonSchemaObject,
  value: unknown,
  path: readonly string[],
  report: Report,
): unknown {
  const low = (schema.minimum as number | undefined) ?? Number.NEGATIVE_INFINITY;
  const high = (schema.maximum as number | undefined) ?? Number.POSITIVE_INFINITY;
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (schema.type === 'number' || Number.isInteger(value)) &&
    value >= low &&
    value <= high;
  if (!fits) report(path, wrong(schema, value, expectation(schema)));
  return value;
}
