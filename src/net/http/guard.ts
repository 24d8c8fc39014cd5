import { HttpFault, respondProblem } from '../../wire/problem.ts';
import type { NetOptions } from '../options.ts';
import type { RoutableExchange } from './context.ts';
import { Cors } from './cors.ts';

/** Most Host values that are remembered as good; a client may send any number of them. */
const MAX_REMEMBERED = 64;

/**
 * What keeps web pages away from a hub they have no business with: a page that resolves its own
 * name to this machine (DNS rebinding), and a page that sends requests across origins.
 */
export class Guard {
  readonly #loopback: boolean;
  readonly #hostNames: ReadonlySet<string>;
  readonly #goodHosts = new Set<string>();
  readonly #cors: Cors;

  /** @param loopback the hub is bound to loopback only, so that other names for it are suspect */
  constructor(options: NetOptions, loopback: boolean) {
    this.#loopback = loopback;
    this.#hostNames = new Set(options.listen.hostNames.map((name) => name.toLowerCase()));
    this.#cors = new Cors(options.http.cors);
  }

  /** True when the exchange was refused, or was a preflight: then it is answered. */
  answers(exchange: RoutableExchange): boolean {
    if (
      this.#loopback &&
      exchange.peer.transport === 'tcp' &&
      !this.#isOwnHost(exchange.authority) &&
      !namesNoHost(exchange)
    ) {
      respondProblem(
        exchange,
        new HttpFault(
          421,
          'PERMISSION_DENIED',
          `This hub is bound to loopback and does not answer for the host ${JSON.stringify(exchange.authority.slice(0, 100))}. ` +
            'Use localhost, or add the name to listen.hostNames.',
        ),
      );
      return true;
    }
    const origin = exchange.headers.get('origin');
    return origin === undefined ? false : this.#answersOrigin(exchange, origin);
  }

  #answersOrigin(exchange: RoutableExchange, origin: string): boolean {
    if (isSameOrigin(origin, exchange)) return false;
    if (this.#cors.allows(origin)) return this.#cors.answers(exchange, origin);
    // Varies by origin for caches, where some origins are allowed and this one is not.
    exchange.extraHeaders = this.#cors.varyHeaders;
    const method = exchange.method;
    const reads = method === 'GET' || method === 'HEAD';
    if (reads && exchange.headers.get('upgrade') === undefined) return false;
    if (method === 'OPTIONS' && !exchange.headers.get('access-control-request-method'))
      return false;
    respondProblem(
      exchange,
      new HttpFault(
        403,
        'PERMISSION_DENIED',
        `Pages of the origin ${JSON.stringify(origin.slice(0, 100))} may not call this hub. ` +
          'Add it to http.cors.allowedOrigins to let them.',
      ),
    );
    return true;
  }

  #isOwnHost(authority: string): boolean {
    if (this.#goodHosts.has(authority)) return true;
    const host = hostOf(authority);
    if (!isLoopbackName(host) && !this.#hostNames.has(host)) return false;
    if (this.#goodHosts.size < MAX_REMEMBERED) this.#goodHosts.add(authority);
    return true;
  }
}

/** An HTTP/1.0 request need not say a host (health checks leave it out); a browser always does. */
function namesNoHost(exchange: RoutableExchange): boolean {
  return exchange.httpVersion === '1.0' && exchange.headers.get('host') === undefined;
}

/** Host without port, in lower case, without a dot at the end. */
export function hostOf(authority: string): string {
  return authority
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

export function isLoopbackName(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    host === '::1' ||
    /^127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/.test(host)
  );
}

/** The page came from this hub itself. Behind a proxy that ends TLS the scheme may differ. */
function isSameOrigin(origin: string, exchange: RoutableExchange): boolean {
  const authority = exchange.authority.toLowerCase();
  if (authority === '') return false;
  const lower = origin.toLowerCase();
  const slashes = lower.indexOf('://');
  if (slashes < 0) return false;
  const scheme = lower.slice(0, slashes);
  if (scheme !== 'http' && scheme !== 'https') return false;
  const port = scheme === 'https' ? ':443' : ':80';
  const host = lower.slice(slashes + 3);
  return host === authority || `${host}${port}` === authority || host === `${authority}${port}`;
}
