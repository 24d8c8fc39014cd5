import type { Call } from '../../model/call.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { codecOf } from '../../wire/protobuf/codec.ts';
import { decodeJson, encodeJson } from '../../wire/protobuf/json-codec.ts';
import type { MethodType } from '../../wire/protobuf/types.ts';
import type { DetailTypes } from './status.ts';

/** How payloads are written: protobuf's wire format, or its JSON. */
export type PayloadForm = 'proto' | 'json';

/** The input or output of a method in one form. */
export interface PayloadCodec {
  /** @param headBytes room to leave before the payload */
  encode(value: unknown, headBytes: number): Buffer;
  /** @throws Fault INVALID_ARGUMENT */
  decode(bytes: Buffer): unknown;
}

/** One rpc, of a contract or of the hub itself, with what its requests need. */
export interface Method {
  /** `/orders.Orders/Get` */
  readonly path: string;
  readonly type: MethodType;
  readonly details: DetailTypes;
  readonly proto: { readonly input: PayloadCodec; readonly output: PayloadCodec };
  readonly json: { readonly input: PayloadCodec; readonly output: PayloadCodec };
  /** Runs the call; counts it too. Throws or rejects with a Fault. */
  invoke(call: Call): MaybePromise<unknown>;
}

/** @param maxDepth deepest nesting of an input */
export function createMethod(
  path: string,
  type: MethodType,
  details: DetailTypes,
  maxDepth: number,
  invoke: Method['invoke'],
): Method {
  const proto = (message: MethodType['input']): PayloadCodec => {
    const codec = codecOf(message);
    return {
      encode: (value, headBytes) => codec.encode(value, headBytes),
      decode: (bytes) => codec.decode(bytes, 0, bytes.length, maxDepth),
    };
  };
  const json = (message: MethodType['input']): PayloadCodec => ({
    encode: (value, headBytes) => encodeJson(message, value, headBytes),
    decode: (bytes) => decodeJson(message, bytes, maxDepth),
  });
  return {
    path,
    type,
    details,
    proto: { input: proto(type.input), output: proto(type.output) },
    json: { input: json(type.input), output: json(type.output) },
    invoke,
  };
}
