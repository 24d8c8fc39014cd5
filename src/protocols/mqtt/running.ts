import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Connection, Exchange, Receiver } from '../../hub/transport.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { credentialsOf } from '../../wire/http-call.ts';
import { Broker } from './broker.ts';
import { MqttConnection } from './connection.ts';
import type { MqttOptions } from './options.ts';
import { acceptOverWebSocket } from './over-websocket.ts';

/** A broker with its connections. */
export interface Running {
  accept(connection: Connection): Receiver;
  upgrade(exchange: Exchange): MaybePromise<void>;
  close(): Promise<void>;
}

/** @throws Fault where the hub's storage fails */
export async function start(hub: Hub, options: MqttOptions, meter: Meter): Promise<Running> {
  const broker = await Broker.open(hub, options, meter);
  return {
    accept: (connection) => new MqttConnection(broker, connection),
    upgrade(exchange) {
      const credentials = credentialsOf(exchange.headers.get('authorization'));
      if (credentials.kind === 'none') {
        acceptOverWebSocket(exchange, broker, credentials);
        return undefined;
      }
      // Bad ones are refused before the upgrade, where HTTP can say so.
      const known = hub.authenticate(credentials);
      const accept = () => acceptOverWebSocket(exchange, broker, credentials);
      return isPromise(known) ? known.then(accept) : accept();
    },
    close: () => broker.close(),
  };
}
