import { notificationText } from '../../wire/jsonrpc/codec.ts';
import { badParams } from './faults.ts';
import { META } from './names.ts';
import { isObject, type Parameters, type Requester } from './request.ts';
import type { McpService } from './service.ts';
import { Updates } from './updates.ts';
import type { Watch } from './watch.ts';

/** Where what a listening request hears goes. */
export interface ListeningSink {
  /** Answers false when the client reads too slowly. */
  send(text: string): boolean;
  /** Never rejects. */
  drained(): Promise<void>;
  /** The hub ends the subscription: the request's response. */
  end(text: string): void;
}

/**
 * A `subscriptions/listen` request at work (revision 2026-07-28, "Subscriptions"): an acknowledgement,
 * then one notification for each piece of news, until one side ends it. Lists do not change while a
 * hub runs: of what a client may ask for, only resources are honoured.
 */
export class Listening {
  readonly #service: McpService;
  readonly #id: string;
  readonly #sink: ListeningSink;
  readonly #updates: Updates;
  readonly #watches: Watch[] = [];
  #open = false;
  #closed = false;

  /** @param id of the request, JSON text */
  constructor(service: McpService, id: string, sink: ListeningSink) {
    this.#service = service;
    this.#id = id;
    this.#sink = sink;
    const isOpen = (): boolean => this.#open && !this.#closed;
    this.#updates = new Updates({
      get open() {
        return isOpen();
      },
      send: (uri) =>
        sink.send(this.#notification('resources/updated', `"uri":${JSON.stringify(uri)}`)),
      drained: () => sink.drained(),
    });
  }

  /**
   * Subscribes and acknowledges.
   * @throws ProtocolFault -32602, ResourceNotFound, or the Fault that refuses a resource
   */
  async begin(parameters: Parameters, requester: Requester): Promise<void> {
    const uris = urisOf(parameters, this.#service.options.maxSubscriptions);
    try {
      for (const uri of uris) {
        const watch = await this.#service.resources.watch(uri, requester, {
          updated: () => this.#updates.updated(uri),
          closed: () => this.end(),
        });
        if (this.#closed) watch.close();
        else this.#watches.push(watch);
      }
    } catch (error) {
      this.close();
      throw error;
    }
    if (this.#closed) return;
    const honoured = uris.length === 0 ? '' : `"resourceSubscriptions":${JSON.stringify(uris)}`;
    this.#sink.send(
      this.#notification('subscriptions/acknowledged', `"notifications":{${honoured}}`),
    );
    this.#open = true;
    this.#updates.flush();
  }

  /** The client left. */
  close(): void {
    this.#closed = true;
    for (const watch of this.#watches.splice(0)) watch.close();
  }

  /** The hub ends it. */
  end(): void {
    if (this.#closed) return;
    this.close();
    const meta = { [META.subscription]: JSON.parse(this.#id) as unknown };
    this.#sink.end(this.#service.resultText(this.#id, { members: '', meta }, true));
  }

  #notification(method: string, members: string): string {
    return notificationText(
      `notifications/${method}`,
      `{"_meta":{"${META.subscription}":${this.#id}},${members}}`,
    );
  }
}

function urisOf({ members }: Parameters, maxSubscriptions: number): string[] {
  const { notifications } = members;
  if (!isObject(notifications)) throw badParams('"params.notifications" must be an object.');
  const { resourceSubscriptions = [] } = notifications;
  if (
    !Array.isArray(resourceSubscriptions) ||
    resourceSubscriptions.some((uri) => typeof uri !== 'string')
  ) {
    throw badParams('"params.notifications.resourceSubscriptions" must be a list of URIs.');
  }
  if (resourceSubscriptions.length > maxSubscriptions) {
    throw badParams(
      `"resourceSubscriptions" has ${resourceSubscriptions.length} URIs; at most ${maxSubscriptions} are taken.`,
    );
  }
  return [...new Set(resourceSubscriptions as string[])];
}
