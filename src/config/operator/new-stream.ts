import { parseJson } from '../../formats/json.ts';
import type { StreamSettings } from '../../hub/engine.ts';
import { checkValue } from '../../hub/option-value.ts';
import { StreamOptions, settingsOf } from '../../hub/streams/settings.ts';
import { Fault, type Violation } from '../../model/fault.ts';
import type { JsonSchemaObject } from '../../model/schema.ts';

export interface NewStream {
  readonly name: string;
  readonly settings: Partial<StreamSettings>;
}

/** Reads the body of POST /streams: `name`, and beside it what an entry of `streams` in the
 * configuration says. @throws Fault INVALID_ARGUMENT with every mistake */
export function newStream(body: string): NewStream {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused([{ path: '', expected: 'an object with a name', received: body.slice(0, 60) }]);
  }
  const { name, ...given } = value as Readonly<Record<string, unknown>>;
  const violations: Violation[] = [];
  if (typeof name !== 'string') {
    const received = (JSON.stringify(name) ?? 'nothing').slice(0, 60);
    violations.push({ path: '/name', expected: 'a text', received });
  }
  const schema = StreamOptions as unknown as JsonSchemaObject;
  const options = checkValue(schema, given, [], (path, message) => {
    violations.push({ path: `/${path.join('/')}`, expected: message, received: '' });
  }) as StreamOptions;
  if (violations.length > 0) throw refused(violations);
  return { name: name as string, settings: settingsOf(options) };
}

function refused(violations: readonly Violation[]): Fault {
  const first = violations[0]!;
  const where = first.path === '' ? 'its root' : first.path;
  return new Fault(
    'INVALID_ARGUMENT',
    `This is no stream that can be made, at ${where}: ${first.expected}.`,
    { violations },
  );
}
