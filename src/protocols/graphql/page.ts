import { readFileSync } from 'node:fs';
import { type HeaderList, headerList } from '../../hub/header-list.ts';
import type { Route } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';

/** Nothing from elsewhere, no inline script or style: the page works offline and runs only what
 * ships with it. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  'page.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'schema.js': 'text/javascript; charset=utf-8',
};

/** The page to write and try queries: files of this package, read when they are asked for first. */
export class Page {
  readonly #path: string;
  readonly #files = new Map<string, { readonly text: string; readonly headers: HeaderList }>();

  constructor(path: string) {
    this.#path = path;
  }

  get routes(): Route[] {
    return Object.keys(TYPES)
      .filter((file) => file !== 'page.html')
      .map((file) => ({
        method: 'GET',
        path: `${this.#path}/${file}`,
        handle: (exchange) => this.#send(exchange, file),
      }));
  }

  respond(exchange: Exchange): void {
    this.#send(exchange, 'page.html');
  }

  #send(exchange: Exchange, file: string): void {
    let known = this.#files.get(file);
    if (known === undefined) {
      const text = readFileSync(new URL(`./page/${file}`, import.meta.url), 'utf8');
      known = { text: text.replaceAll('{path}', this.#path), headers: pageHeaders(TYPES[file]!) };
      this.#files.set(file, known);
    }
    exchange.respond(200, known.headers, known.text);
  }
}

function pageHeaders(type: string): HeaderList {
  return headerList(
    'content-type',
    type,
    'content-security-policy',
    PAGE_POLICY,
    'cache-control',
    'no-cache',
    'vary',
    'accept',
    'referrer-policy',
    'no-referrer',
    'x-content-type-options',
    'nosniff',
  );
}
