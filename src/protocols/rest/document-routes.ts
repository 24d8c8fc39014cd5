import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type HeaderList, headerList } from '../../hub/header-list.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Route } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { Contract } from '../../model/contract.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { NO_CREDENTIALS } from '../../model/principal.ts';
import { compress, responseCoding } from '../../wire/compression.ts';
import { knownPrincipalOf } from '../../wire/http-call.ts';
import type { RestOptions } from './options.ts';
import { matchesEtag } from './reply.ts';

/** A document that changes only with the hub's contracts: made once, with its ETag. */
class Served {
  readonly text: string;
  readonly #etag: string;
  readonly #headers: HeaderList;
  readonly #compressed = new Map<string, Promise<Buffer>>();

  constructor(text: string, ...headers: readonly string[]) {
    this.text = text;
    this.#etag = `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
    this.#headers = headerList(
      ...headers,
      'etag',
      this.#etag,
      'cache-control',
      'no-cache',
      'vary',
      'accept-encoding',
      'x-content-type-options',
      'nosniff',
    );
  }

  async respond(exchange: Exchange): Promise<void> {
    const known = exchange.headers.get('if-none-match');
    if (known !== undefined && matchesEtag(known, this.#etag)) {
      exchange.respond(304, headerList('etag', this.#etag, 'cache-control', 'no-cache'));
      return;
    }
    const coding = responseCoding(exchange.headers.get('accept-encoding'));
    if (coding === undefined) {
      exchange.respond(200, this.#headers, this.text);
      return;
    }
    let bytes = this.#compressed.get(coding);
    if (bytes === undefined) {
      bytes = compress(this.text, coding);
      this.#compressed.set(coding, bytes);
    }
    const body = await bytes;
    if (!exchange.finished) {
      exchange.respond(200, this.#headers.with('content-encoding', coding), body);
    }
  }
}

/** Nothing from elsewhere, no inline script or style: the page works offline and runs only what
 * ships with it. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE_FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/docs', 'page.html', 'text/html; charset=utf-8'],
  ['/docs/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/docs/page.css', 'page.css', 'text/css; charset=utf-8'],
];

/** GET /openapi.json, for callers whom the hub knows, and the page that shows
 * them, which holds nothing of them itself. */
export function documentRoutes(hub: Hub, options: RestOptions): Route[] {
  const openapi = documentRoute(hub, '/openapi.json', async (contracts) => {
    // Whoever shows no credentials is somebody only where none are asked for.
    const nobody = await hub.authenticate(NO_CREDENTIALS);
    const { openApiText } = await import('./document.ts');
    return openApiText(contracts, { baseUrl: '/', secured: !nobody.authenticated });
  });
  return options.docs ? [openapi, ...PAGE_FILES.map(pageRoute)] : [openapi];
}

function documentRoute(
  hub: Hub,
  path: string,
  write: (contracts: readonly Contract[]) => MaybePromise<string>,
): Route {
  let served: Served | undefined;
  let contracts: string | undefined;
  return {
    method: 'GET',
    path,
    async handle(exchange) {
      await knownPrincipalOf(hub, exchange, 'The contract');
      const now = hub.contracts();
      const key = now.map((contract) => `${contract.name}@${contract.version}`).join();
      if (served === undefined || contracts !== key) {
        served = new Served(await write(now), 'content-type', 'application/json');
        contracts = key;
      }
      await served.respond(exchange);
    },
  };
}

function pageRoute([path, file, type]: (typeof PAGE_FILES)[number]): Route {
  let page: Served | undefined;
  return {
    method: 'GET',
    path,
    handle(exchange) {
      page ??= new Served(
        readFileSync(new URL(`./docs-page/${file}`, import.meta.url), 'utf8'),
        'content-type',
        type,
        'content-security-policy',
        PAGE_POLICY,
        'referrer-policy',
        'no-referrer',
      );
      return page.respond(exchange);
    },
  };
}
