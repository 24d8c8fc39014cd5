import type { Meter } from '../../hub/diagnostics.ts';
import type { HeaderList } from '../../hub/header-list.ts';
import type { Connection, Exchange, Receiver } from '../../hub/transport.ts';
import type { NetLogger } from '../logger.ts';
import type { NetOptions } from '../options.ts';
import type { Ticker } from '../ticker.ts';

/** An exchange as the HTTP servers hand it to the router. */
export interface RoutableExchange extends Exchange {
  /** Set by the router before a handler runs (CORS): goes out with every final response, behind
   * the headers of `respond` and `open`. */
  extraHeaders: HeaderList | undefined;
}

/** What HTTP/1.1 and HTTP/2 connections of one listener share. */
export interface HttpContext {
  /** Guards, routes and answers an exchange, now or later. Never throws. */
  dispatch(exchange: RoutableExchange): void;
  readonly options: NetOptions;
  /** Counts what belongs to no route: malformed requests, unknown paths. */
  readonly meter: Meter;
  /** For time limits, without a timer for each connection or request. */
  readonly ticker: Ticker;
  readonly logger: NetLogger;
  /** The hub is stopping: a connection that comes now carries one request. */
  readonly draining: boolean;
}

/** Makes the receiver of a connection that speaks one HTTP version; its first bytes follow as
 * `data`. */
export type CreateHttpConnection = (connection: Connection, context: HttpContext) => Receiver;
