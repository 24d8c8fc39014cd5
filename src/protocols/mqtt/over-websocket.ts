import type { Connection, Exchange, LocalAddress, Peer } from '../../hub/transport.ts';
import type { Credentials } from '../../model/principal.ts';
import { acceptWebSocket, type WebSocket } from '../../wire/websocket.ts';
import { CLOSE_CODES } from '../../wire/websocket-frames.ts';
import type { Broker } from './broker.ts';
import { MqttConnection } from './connection.ts';

/** Of MQTT 3.1.1 and 5.0 (section 6), and of MQTT 3.1. */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'];

/** MQTT in the binary messages of a WebSocket, whose borders mean nothing (MQTT 5.0 section 6). */
export function acceptOverWebSocket(
  exchange: Exchange,
  broker: Broker,
  credentials: Credentials,
): void {
  if (exchange.finished) return;
  const options = {
    maxMessageBytes: broker.options.maxPacketBytes,
    compress: false,
    subprotocols: SUBPROTOCOLS,
  };
  acceptWebSocket(exchange, options, (socket) => {
    const connection = new MqttConnection(broker, new SocketBytes(socket), credentials);
    return {
      text: () => socket.close(CLOSE_CODES.unsupportedData, 'MQTT comes in binary messages.'),
      binary: (bytes) => connection.data(bytes),
      drained: () => connection.drained(),
      closed: () => connection.closed(),
      drain: () => connection.drain(),
    };
  });
}

/** A WebSocket as a connection of bytes. */
class SocketBytes implements Connection {
  readonly local: LocalAddress | undefined = undefined;
  readonly queuedBytes = 0;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get peer(): Peer {
    return this.#socket.peer;
  }

  write(chunk: string | Uint8Array): boolean {
    return this.#socket.send(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.close(CLOSE_CODES.normal, '');
  }

  destroy(): void {
    this.#socket.close(CLOSE_CODES.goingAway, '');
  }
}
