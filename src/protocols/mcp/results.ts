import { Fault } from '../../model/fault.ts';
import { META } from './names.ts';

/** A result on its way to JSON: members as text, since a tool's answer stands in it twice. */
export interface Result {
  /** JSON text of the members, without the braces; '' for none. */
  readonly members: string;
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}

export const EMPTY: Result = { members: '' };

export function resultOf(value: object): Result {
  return { members: JSON.stringify(value).slice(1, -1) };
}

/** The result of a tool that answered `json`: as text for the model, and as a value. */
export function answerResult(
  json: string,
  replyMetadata: ReadonlyMap<string, string> | undefined,
): Result {
  return {
    members: `"content":[{"type":"text","text":${JSON.stringify(json)}}],"structuredContent":${json}`,
    meta: metaOf(replyMetadata),
  };
}

/** The result of a tool that answers nothing. */
export function doneResult(replyMetadata: ReadonlyMap<string, string> | undefined): Result {
  return { members: '"content":[{"type":"text","text":"Done."}]', meta: metaOf(replyMetadata) };
}

/**
 * The result of a tool that failed: the fault document as text, which is what a model reads, and
 * in `_meta` for programs. It has no `structuredContent`: that would have to fit the tool's output.
 * @param collected JSON text of what a stream had answered before; undefined for nothing
 */
export function faultResult(
  fault: Fault,
  collected: string | undefined,
  replyMetadata: ReadonlyMap<string, string> | undefined,
): Result {
  let document = fault.toJSON() as object;
  let json: string;
  try {
    json = JSON.stringify(document);
  } catch {
    // The data of a declared error is the application's; what JSON cannot express is left out.
    document = new Fault(fault.code, fault.message, { error: fault.error }).toJSON();
    json = JSON.stringify(document);
  }
  const content = [json, ...(collected === undefined ? [] : [collected])].map(
    (text) => `{"type":"text","text":${JSON.stringify(text)}}`,
  );
  return {
    members: `"content":[${content.join(',')}],"isError":true`,
    meta: { ...metaOf(replyMetadata), [META.fault]: document },
  };
}

function metaOf(
  replyMetadata: ReadonlyMap<string, string> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  return replyMetadata === undefined
    ? undefined
    : { [META.metadata]: Object.fromEntries(replyMetadata) };
}
