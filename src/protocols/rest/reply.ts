import { hash } from 'node:crypto';
import { HeaderList, headerList } from '../../hub/header-list.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { Call } from '../../model/call.ts';
import type { Fault } from '../../model/fault.ts';
import { problemDocument, problemHeaders, statusOfFault } from '../../wire/problem.ts';
import { withReplyMetadata } from '../../wire/reply-metadata.ts';
import type { Plan } from './plan.ts';

/** Headers that every response of an operation has, worked out at start. */
export class PlanHeaders {
  /** 200 with JSON. */
  readonly json: HeaderList;
  /** 204. */
  readonly empty: HeaderList;
  readonly eventStream: HeaderList;
  readonly ndjson: HeaderList;
  /** What stands before the ETag of a query's answer. */
  readonly #common: readonly string[];

  constructor(plan: Plan, deprecatedSince: number) {
    const { operation, name } = plan.endpoint;
    const common: string[] = ['cache-control'];
    // An answer may depend on who asks: it is for one client, and asked for again each time.
    common.push(operation.kind === 'query' ? 'private, no-cache' : 'no-store');
    if (operation.deprecated !== undefined) {
      common.push('deprecation', `@${deprecatedSince}`);
      common.push('link', `</docs#${encodeURIComponent(name)}>; rel="deprecation"`);
    }
    this.#common = common;
    this.json = headerList('content-type', 'application/json', ...common);
    this.empty = headerList(...common);
    const stream = ['vary', 'accept', 'x-accel-buffering', 'no', 'cache-control', 'no-store'];
    stream.push(...common.slice(2));
    this.eventStream = headerList('content-type', 'text/event-stream', ...stream);
    this.ndjson = headerList('content-type', 'application/x-ndjson', ...stream);
  }

  tagged(etag: string): HeaderList {
    // All parts are known to be valid; this is done for each answer.
    return new HeaderList(['content-type', 'application/json', 'etag', etag, ...this.#common]);
  }

  /** 304: what the 200 would have said, without the content's own headers. */
  notModified(etag: string): HeaderList {
    return new HeaderList(['etag', etag, ...this.#common]);
  }
}

/** Weak, because a compressed answer has the same one. */
export function etagOf(text: string): string {
  return `W/"${hash('sha1', text, 'base64url')}"`;
}

/** If-None-Match by weak comparison (RFC 9110 section 13.1.2). */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  const opaque = etag.slice(2);
  return ifNoneMatch
    .split(',')
    .some((candidate) => candidate.trim().replace(/^W\//, '') === opaque);
}

/** Answers a fault as problem+json, with the call's reply metadata. */
export function respondFault(exchange: Exchange, call: Call, fault: Fault): void {
  if (exchange.finished) return;
  exchange.respond(
    statusOfFault(fault),
    withReplyMetadata(problemHeaders(fault), call),
    JSON.stringify(problemDocument(fault)),
  );
}
