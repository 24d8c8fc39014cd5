import { JSON_HEADERS, NO_HEADERS } from '../../hub/header-list.ts';
import type { Hub, Origin } from '../../hub/hub.ts';
import type { Streams } from '../../hub/streams.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { knownPrincipalOf } from '../../wire/http-call.ts';
import { newStream } from './new-stream.ts';
import { readPage } from './stream-page.ts';
import { pageRequest } from './stream-page-request.ts';
import { detailsOf, type StreamList, summaryOf } from './stream-view.ts';
import { someRecord } from './stream-wait.ts';

const FRESH = JSON_HEADERS.with('cache-control', 'no-store');
const MAX_BODY_BYTES = 100_000;

export async function list(hub: Hub, exchange: Exchange): Promise<void> {
  const { streams, origin } = await open(hub, exchange);
  const answer: StreamList = {
    engine: streams.engine,
    streams: streams.list(origin).map(summaryOf),
  };
  respond(exchange, 200, JSON.stringify(answer));
}

export async function create(hub: Hub, exchange: Exchange): Promise<void> {
  const { streams, origin } = await open(hub, exchange);
  const { name, settings } = newStream((await exchange.bytes(MAX_BODY_BYTES)).toString('utf8'));
  const stream = await streams.create(name, settings, origin);
  respond(exchange, 201, JSON.stringify(await detailsOf(stream)));
}

export async function describe(hub: Hub, exchange: Exchange): Promise<void> {
  const { streams, origin } = await open(hub, exchange);
  const stream = streams.get(nameIn(exchange), 'read', origin);
  respond(exchange, 200, JSON.stringify(await detailsOf(stream)));
}

export async function remove(hub: Hub, exchange: Exchange): Promise<void> {
  const { streams, origin } = await open(hub, exchange);
  await streams.remove(nameIn(exchange), origin);
  if (!exchange.finished) exchange.respond(204, NO_HEADERS);
}

export async function records(hub: Hub, exchange: Exchange): Promise<void> {
  const { streams, origin } = await open(hub, exchange);
  const stream = streams.get(nameIn(exchange), 'read', origin);
  const request = await pageRequest(stream, exchange.query);
  if (request.waitMs > 0) await someRecord(request, exchange);
  if (exchange.finished) return;
  const { records: rows, next } = await readPage(request);
  respond(exchange, 200, `{"next":${JSON.stringify(next)},"records":[${rows.join(',')}]}`);
}

interface Opened {
  readonly streams: Streams;
  readonly origin: Origin;
}

/** @throws Fault UNIMPLEMENTED where the hub keeps no streams, UNAUTHENTICATED */
async function open(hub: Hub, exchange: Exchange): Promise<Opened> {
  const principal = await knownPrincipalOf(hub, exchange, 'Streams');
  const { streams } = hub;
  if (streams === undefined) {
    throw new Fault(
      'UNIMPLEMENTED',
      'This hub keeps no streams: "storage.enabled" is false in its configuration.',
    );
  }
  return { streams, origin: { principal, meter: exchange.meter } };
}

function nameIn(exchange: Exchange): string {
  return exchange.parameters.name ?? '';
}

function respond(exchange: Exchange, status: number, body: string): void {
  if (!exchange.finished) exchange.respond(status, FRESH, body);
}
