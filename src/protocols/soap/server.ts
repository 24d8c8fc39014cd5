import type { Meter } from '../../hub/diagnostics.ts';
import { FirstUse } from '../../hub/first-use.ts';
import { headerList } from '../../hub/header-list.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, TryLine } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import { knownPrincipalOf } from '../../wire/http-call.ts';
import { HttpFault } from '../../wire/problem.ts';
import { escapeAttribute } from '../../wire/xml/writer.ts';
import type { SoapHandler } from './handler.ts';
import type { SoapOptions } from './options.ts';
import type { ServicePlan } from './plan.ts';

const WSDL_HEADERS = headerList(
  'content-type',
  'text/xml; charset=utf-8',
  'cache-control',
  'no-cache',
  'x-content-type-options',
  'nosniff',
);

/** SOAP at work in one hub: an address for each service, for its messages and its WSDL. What reads
 * and writes XML is loaded when the first of them comes. */
export function serveSoap(hub: Hub, options: SoapOptions, meter: Meter): ProtocolServer {
  const path = `${options.path}/:service`;
  const lazy = new FirstUse(async () => {
    const [{ SoapHandler }, { Plans }] = await Promise.all([
      import('./handler.ts'),
      import('./plan.ts'),
    ]);
    return new SoapHandler(hub, options, meter, new Plans(hub));
  });
  return {
    routes: [
      {
        method: 'POST',
        path,
        handle: lazy.handler((handler, exchange) => handler.handle(exchange)),
      },
      {
        method: 'GET',
        path,
        handle: async (exchange) => {
          await knownPrincipalOf(hub, exchange, 'The contract');
          await respondWsdl(exchange, await lazy.get(), options);
        },
      },
    ],
    tryIt: (address) => tryLines(hub, address, options),
  };
}

/** Stands in a WSDL for the address by which it is asked for. */
const ADDRESS = 'urn:polywire:address';
const wsdls = new WeakMap<ServicePlan, string>();

async function wsdlOf(plan: ServicePlan): Promise<string> {
  let text = wsdls.get(plan);
  if (text === undefined) {
    const { wsdlDocument } = await import('./wsdl.ts');
    text = wsdlDocument(plan.contract, [plan], () => ADDRESS);
    wsdls.set(plan, text);
  }
  return text;
}

async function respondWsdl(
  exchange: Exchange,
  handler: SoapHandler,
  options: SoapOptions,
): Promise<void> {
  try {
    const plan = handler.planOf(exchange);
    if (!/^wsdl(?:=|&|$)/i.test(exchange.query)) {
      throw new HttpFault(
        405,
        'UNIMPLEMENTED',
        `SOAP messages come by POST; the WSDL is at ${exchange.path.slice(0, 200)}?wsdl.`,
        ['allow', 'POST, OPTIONS'],
      );
    }
    const scheme = exchange.peer.secure ? 'https' : 'http';
    const address = `${scheme}://${exchange.authority}${options.path}/${plan.service.name}`;
    const text = (await wsdlOf(plan)).replaceAll(ADDRESS, escapeAttribute(address));
    if (!exchange.finished) exchange.respond(200, WSDL_HEADERS, text);
  } catch (error) {
    handler.refused();
    throw error;
  }
}

function tryLines(hub: Hub, address: HubAddress, options: SoapOptions): TryLine[] {
  for (const contract of hub.contracts()) {
    const service = contract.services.find(({ operations }) =>
      operations.some(({ input, output }) => !input.stream && !output.stream),
    );
    if (service === undefined) continue;
    return [
      {
        label: 'SOAP: the WSDL to make a client from',
        command: `${address.url}${options.path}/${service.name}?wsdl`,
      },
    ];
  }
  return [];
}
