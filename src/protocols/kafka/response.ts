import { API_VERSIONS, type RequestContext } from './context.ts';
import type { AnyHandler } from './dispatch.ts';
import type { LoginStep } from './sasl/login.ts';
import { WireError } from './wire/wire-error.ts';
import { frame } from './wire/writer.ts';

const NO_RESPONSE: readonly Buffer[] = [];

/** What stands for a SASL token without headers. @throws WireError for a login that failed */
export function rawAnswer(step: LoginStep | undefined): readonly Buffer[] {
  if (step?.error !== undefined || step === undefined) {
    throw new WireError(step?.error ?? 'no SASL exchange was begun');
  }
  return frame((writer) => writer.raw(step.bytes));
}

/**
 *     response => correlationId int32, [TAGGED_FIELDS in flexible versions], content
 *
 * The answer to ApiVersions never has tagged fields before its content: who asks does not know yet
 * which versions are spoken.
 */
export function encodeResponse(
  api: AnyHandler,
  context: RequestContext,
  response: unknown,
): readonly Buffer[] {
  if (response === undefined) return NO_RESPONSE;
  const version = Math.max(context.version, 0);
  context.broker.meter.sent++;
  return frame((writer) => {
    writer.int32(context.correlationId);
    if (api.response.flexible(version) && api.key !== API_VERSIONS) writer.noTags();
    api.response.write(writer, version, response as never);
  });
}
