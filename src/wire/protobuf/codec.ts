import { decoderSource } from './decoder-source.ts';
import { encoderSource } from './encoder-source.ts';
import { numberOfValue, valueOfNumber } from './enum-values.ts';
import { Reader } from './reader.ts';
import { type MessageType, referenced } from './types.ts';
import { memberName, WELL_KNOWN } from './well-known.ts';
import { Writer } from './writer.ts';

/** Deepest nesting of messages that is read; protobuf's own libraries take 100. */
export const DEFAULT_MAX_DEPTH = 100;

/** One for all: a message is written whole, without a pause. */
const writer = new Writer();

/**
 * Writes and reads the values of one message type. The code for it is made when it is first
 * needed, and as fast as code written by hand.
 */
export class Codec {
  readonly type: MessageType;
  /** For generated code. */
  write: (writer: Writer, value: unknown) => void;
  /** For generated code. */
  read: (reader: Reader) => unknown;

  constructor(type: MessageType) {
    this.type = type;
    this.write = (target, value) => {
      this.write = make(encoderSource(type), type) as Codec['write'];
      this.write(target, value);
    };
    this.read = (reader) => {
      this.read = make(decoderSource(type), type) as Codec['read'];
      return this.read(reader);
    };
  }

  /**
   * @param headBytes room to leave before the message, for who frames it
   * @throws RangeError or TypeError for a value that the type has no form for
   */
  encode(value: unknown, headBytes = 0): Buffer {
    writer.begin(headBytes);
    this.write(writer, value);
    return writer.finish();
  }

  /**
   * @throws MalformedMessage for bytes that are none; Fault INVALID_ARGUMENT for values that a
   *   contract cannot say (NaN, integers past 2^53)
   */
  decode(bytes: Buffer, start = 0, end = bytes.length, maxDepth = DEFAULT_MAX_DEPTH): unknown {
    return this.read(new Reader(bytes, start, end, maxDepth));
  }
}

const codecs = new WeakMap<MessageType, Codec>();

export function codecOf(type: MessageType): Codec {
  let codec = codecs.get(type);
  if (codec === undefined) codecs.set(type, (codec = new Codec(type)));
  return codec;
}

/** What generated code refers to. */
export interface Runtime {
  readonly wellKnown: typeof WELL_KNOWN;
  readonly memberName: typeof memberName;
  readonly codecs: readonly Codec[];
  readonly enumNumbers: readonly ((value: unknown) => number)[];
  readonly enumValues: readonly ((number: number) => unknown)[];
  readonly fits: readonly ((value: unknown) => boolean)[];
  fail(value: unknown): never;
}

function make(source: string, type: MessageType): unknown {
  const { messages, enums } = referenced(type);
  const runtime: Runtime = {
    wellKnown: WELL_KNOWN,
    memberName,
    codecs: messages.map(codecOf),
    enumNumbers: enums.map(numberOfValue),
    enumValues: enums.map(valueOfNumber),
    fits: type.fields.map(({ fits }) => fits ?? (() => false)),
    fail: (value) => {
      throw new TypeError(`a value (${typeof value}) fits no branch of ${type.fullName}`);
    },
  };
  // Every name in the source is a number or went through JSON.stringify.
  return (new Function('runtime', source) as (runtime: Runtime) => unknown)(runtime);
}
