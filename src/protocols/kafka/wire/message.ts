import { compile } from './compile.ts';
import type { Draft, Fields, ValuesOf } from './fields.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** How one side's message of an API is read and written, in every version of it. */
export interface Message<Read, Write = Draft<Read>> {
  /** Whether this version has compact types and tagged fields, in its header too. */
  flexible(version: number): boolean;
  read(reader: Reader, version: number): Read;
  write(writer: Writer, version: number, value: Write): void;
}

/** What `read` answers for a message. */
export type Of<M> = M extends Message<infer Read, infer _> ? Read : never;

/** The version from which on a message is flexible, for one that never is. */
export const NEVER = Number.POSITIVE_INFINITY;

/** A message by its table; compiled for a version when it is first used. */
export function message<F extends Fields>(flexibleFrom: number, fields: F): Message<ValuesOf<F>> {
  const compiled = new Map<number, ReturnType<typeof compile>>();
  const of = (version: number) => {
    let codec = compiled.get(version);
    if (codec === undefined) {
      codec = compile(fields, version, version >= flexibleFrom);
      compiled.set(version, codec);
    }
    return codec;
  };
  return {
    flexible: (version) => version >= flexibleFrom,
    read: (reader, version) => of(version).read(reader) as ValuesOf<F>,
    write: (writer, version, value) => of(version).write(writer, value as object),
  };
}
