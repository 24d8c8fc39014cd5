import type { Meter } from '../../hub/diagnostics.ts';
import { FirstUse } from '../../hub/first-use.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, TryLine } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { XmlRpcOptions } from './options.ts';

/** XML-RPC at work in one hub; what reads and writes XML is loaded with the first request. */
export class XmlRpcServer implements ProtocolServer {
  readonly routes: NonNullable<ProtocolServer['routes']>;
  readonly #path: string;

  constructor(hub: Hub, options: XmlRpcOptions, meter: Meter) {
    const { path } = options;
    this.#path = path;
    const lazy = new FirstUse(async () => {
      const { HttpXmlRpc } = await import('./http.ts');
      return new HttpXmlRpc(hub, options, meter);
    });
    const handle = lazy.handler<Exchange>((http, exchange) => http.handle(exchange));
    this.routes = [{ method: 'POST', path, handle }];
  }

  tryIt({ url }: HubAddress): TryLine[] {
    return [
      {
        label: 'the names of all methods',
        command: `curl -s ${url}${this.#path} -H 'content-type: text/xml' -d '<methodCall><methodName>system.listMethods</methodName></methodCall>'`,
      },
    ];
  }
}
