import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, TryLine } from '../../hub/protocol.ts';
import { HttpXmlRpc } from './http.ts';
import type { XmlRpcOptions } from './options.ts';

export class XmlRpcServer implements ProtocolServer {
  readonly routes: NonNullable<ProtocolServer['routes']>;
  readonly #path: string;

  constructor(hub: Hub, options: XmlRpcOptions, meter: Meter) {
    const { path } = options;
    this.#path = path;
    const http = new HttpXmlRpc(hub, options, meter);
    this.routes = [{ method: 'POST', path, handle: (exchange) => http.handle(exchange) }];
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
