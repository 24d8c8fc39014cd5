import { Fault } from '../../model/fault.ts';
import { subjectText } from '../../model/subject.ts';

/** Revision without sessions: every request says which it speaks. */
export const MODERN_VERSION = '2026-07-28';
/** Revisions that begin with `initialize`, newest first. */
export const SESSION_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18'];
export const VERSIONS: readonly string[] = [MODERN_VERSION, ...SESSION_VERSIONS];

/** Members of `_meta` that the specification reserves (2026-07-28, "General fields"). */
export const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
  /** Ours: how long the caller waits, in milliseconds. */
  timeoutMs: 'polywire/timeoutMs',
  /** Ours: metadata of the call, and in results the metadata that goes back. */
  metadata: 'polywire/metadata',
  /** Ours: the fault document of a failed tool call. */
  fault: 'polywire/fault',
} as const;

/** `orders.get` -> `orders_get`. Names of contracts have no underscore: it is invertible. */
export function toolName(operation: string): string {
  return operation.replace('.', '_');
}

export function operationOfTool(tool: string): string {
  return tool.replace('_', '.');
}

const EVENTS = 'polywire://events/';
const STREAMS = 'polywire://streams/';
const URI =
  /^polywire:\/\/(events|streams)\/([A-Za-z0-9]+\.[A-Za-z0-9]+)((?:\/[^/?#]*)*)(?:\?([^#]*))?$/;

/** What the URI of a resource says, before anybody looks whether there is such a thing. */
export interface ResourceName {
  readonly kind: 'events' | 'streams';
  /** Full name of the event or operation. */
  readonly name: string;
  /** For the members in an event's subject, in their order; undefined stands for any value. */
  readonly levels: readonly (string | undefined)[];
  /** For the members of a stream's input. */
  readonly parameters: URLSearchParams;
}

/** Undefined for what is no resource of a hub. */
export function parseResource(uri: string): ResourceName | undefined {
  const match = URI.exec(uri);
  if (match === null) return undefined;
  const [, kind, name = '', path = '', query = ''] = match;
  if (kind === 'events' ? query !== '' : path !== '') return undefined;
  const levels: (string | undefined)[] = [];
  for (const segment of path.split('/').slice(1)) {
    try {
      levels.push(segment === '*' ? undefined : decodeURIComponent(segment));
    } catch {
      // A percent sign that escapes nothing: there is no such resource.
      return undefined;
    }
  }
  return {
    kind: kind as ResourceName['kind'],
    name,
    levels,
    parameters: new URLSearchParams(query),
  };
}

/** Address of an event's messages, of all or of those with these values in their subject. */
export function eventUri(event: string, levels: readonly (string | undefined)[] = []): string {
  return EVENTS + [event, ...levels.map((level) => segmentOf(level))].join('/');
}

function segmentOf(level: string | undefined): string {
  return level === undefined
    ? '*'
    : encodeURIComponent(level.toWellFormed()).replaceAll('*', '%2A');
}

/** URI template (RFC 6570) of an event whose subject has members of its payload. */
export function eventTemplate(event: string, members: readonly string[]): string {
  return EVENTS + [event, ...members.map((member) => `{${variable(member)}}`)].join('/');
}

export function streamUri(operation: string): string {
  return STREAMS + operation;
}

/** URI template (RFC 6570, form-style query) of a stream with these members of its input. */
export function streamTemplate(operation: string, members: readonly string[]): string {
  return `${STREAMS}${operation}{?${members.map(variable).join(',')}}`;
}

/** A variable's name takes letters, digits, `_`, and anything else percent-encoded. */
function variable(member: string): string {
  return encodeURIComponent(member.toWellFormed()).replace(
    /[-!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const MEMBER = /^\{([^{}]+)\}$/;

/** Members of the payload that an event's subject names, in their order. */
export function subjectMembers(template: string): string[] {
  return template
    .split('.')
    .map((level) => MEMBER.exec(level)?.[1])
    .filter((member) => member !== undefined);
}

/** The hub's filter for an event's subjects, of all or of those with these values; undefined where
 * the number of values is wrong. */
export function eventFilter(
  template: string,
  levels: readonly (string | undefined)[],
): string | undefined {
  if (levels.length > 0 && levels.length !== subjectMembers(template).length) return undefined;
  let index = 0;
  return template
    .split('.')
    .map((level) => {
      if (!MEMBER.test(level)) return level;
      const value = levels[index++];
      return value === undefined ? '*' : subjectText([value]);
    })
    .join('.');
}

/** Tells whether a name is among what patterns of the options name. */
export type NamePattern = (name: string) => boolean;

/** @throws Fault INVALID_ARGUMENT for a pattern that matches nothing ever */
export function namePattern(patterns: readonly string[]): NamePattern {
  const expressions = patterns.map((pattern) => {
    if (!/^(?:>|(?:\*|[A-Za-z0-9]+)(?:\.(?:>|\*|[A-Za-z0-9]+))?)$/.test(pattern)) {
      throw new Fault(
        'INVALID_ARGUMENT',
        `${JSON.stringify(pattern)} is no pattern of names; write orders.get, orders.*, *.get or >.`,
      );
    }
    return new RegExp(
      `^${pattern.replaceAll('.', '\\.').replace('>', '.+').replaceAll('*', '[^.]+')}$`,
    );
  });
  return (name) => expressions.some((expression) => expression.test(name));
}
