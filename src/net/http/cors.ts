import { type HeaderList, headerList } from '../../hub/header-list.ts';
import type { NetOptions } from '../options.ts';
import type { RoutableExchange } from './context.ts';

const MAX_REMEMBERED = 64;

/** Cross-origin resource sharing (https://fetch.spec.whatwg.org/#http-cors-protocol), one policy
 * for all HTTP protocols. */
export class Cors {
  readonly #options: NetOptions['http']['cors'];
  readonly #origins: ReadonlySet<string>;
  readonly #any: boolean;
  readonly #responseHeaders = new Map<string, HeaderList>();
  /** For answers to origins that are not allowed, so that caches keep them apart. */
  readonly varyHeaders: HeaderList | undefined;

  /** @throws TypeError for credentials together with every origin, which browsers refuse */
  constructor(options: NetOptions['http']['cors']) {
    this.#options = options;
    this.#origins = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase()));
    this.#any = this.#origins.has('*');
    if (this.#any && options.credentials) {
      throw new TypeError(
        'http.cors.credentials needs a list of origins: with "*" every page could act as its user.',
      );
    }
    this.varyHeaders =
      this.#origins.size === 0 || this.#any ? undefined : headerList('vary', 'origin');
  }

  allows(origin: string): boolean {
    return this.#any || this.#origins.has(origin.toLowerCase());
  }

  /** Adds the response headers for an allowed origin; true when it was a preflight (answered). */
  answers(exchange: RoutableExchange, origin: string): boolean {
    exchange.extraHeaders = this.#headersFor(origin);
    const asked = exchange.headers.get('access-control-request-method');
    if (exchange.method !== 'OPTIONS' || asked === undefined) return false;
    const { allowedHeaders, maxAgeSeconds } = this.#options;
    const headers =
      allowedHeaders.length > 0
        ? allowedHeaders.join(', ')
        : exchange.headers.get('access-control-request-headers');
    const answer = [
      'access-control-allow-methods',
      'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-max-age',
      String(maxAgeSeconds),
    ];
    if (headers !== undefined && /^[\w\-, ]{1,2000}$/.test(headers)) {
      answer.push('access-control-allow-headers', headers);
    }
    exchange.respond(204, headerList(...answer));
    return true;
  }

  #headersFor(origin: string): HeaderList {
    const key = this.#any ? '*' : origin;
    let list = this.#responseHeaders.get(key);
    if (list !== undefined) return list;
    const flat = ['access-control-allow-origin', key];
    if (!this.#any) flat.push('vary', 'origin');
    if (this.#options.credentials) flat.push('access-control-allow-credentials', 'true');
    if (this.#options.exposedHeaders.length > 0) {
      flat.push('access-control-expose-headers', this.#options.exposedHeaders.join(', '));
    }
    list = headerList(...flat);
    if (this.#responseHeaders.size < MAX_REMEMBERED) this.#responseHeaders.set(key, list);
    return list;
  }
}
