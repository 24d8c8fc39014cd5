import type { Endpoint, EventEndpoint, Hub } from '../../hub/hub.ts';
import { hasScopes, type Principal } from '../../model/principal.ts';
import { membersOf } from '../../model/schema-tree.ts';
import { badParams } from './faults.ts';
import {
  eventTemplate,
  eventUri,
  namePattern,
  operationOfTool,
  streamTemplate,
  streamUri,
  subjectMembers,
  toolName,
} from './names.ts';
import type { McpOptions } from './options.ts';
import { toolOf } from './tool.ts';

/** A thing in a list, as JSON text, and what it takes to see it. */
interface Entry {
  readonly scopes: readonly string[];
  readonly text: string;
}

/** A page of a list. */
export interface Page {
  /** JSON texts. */
  readonly entries: readonly string[];
  readonly nextCursor: string | undefined;
}

/**
 * What clients see of a hub: the operations and events that the options expose. Lists hold what the
 * principal may use and leave out the others; asking for those is refused with the reason.
 */
export class Catalog {
  readonly #pageSize: number;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #events = new Map<string, EventEndpoint>();
  readonly #tools: Entry[] = [];
  readonly #resources: Entry[] = [];
  readonly #templates: Entry[] = [];

  constructor(hub: Hub, options: McpOptions) {
    this.#pageSize = options.pageSize;
    const exposed = namePattern(options.expose);
    const hidden = namePattern(options.hide);
    const visible = (name: string): boolean => exposed(name) && !hidden(name);
    for (const endpoint of hub.endpoints()) {
      const { name, operation } = endpoint;
      if (!visible(name) || (operation.kind === 'command' && !options.exposeCommands)) continue;
      this.#endpoints.set(name, endpoint);
      this.#addTool(endpoint, options.maxItems);
      if (isStreamResource(endpoint)) this.#addStream(endpoint);
    }
    for (const event of hub.events()) {
      if (!visible(event.name)) continue;
      this.#events.set(event.name, event);
      this.#addEvent(event);
    }
  }

  /** By the tool's name; undefined for what is not exposed. */
  tool(name: string): Endpoint | undefined {
    return name.includes('.') ? undefined : this.#endpoints.get(operationOfTool(name));
  }

  /** By full name; undefined for what is not exposed. */
  endpoint(name: string): Endpoint | undefined {
    return this.#endpoints.get(name);
  }

  /** By full name; undefined for what is not exposed. */
  event(name: string): EventEndpoint | undefined {
    return this.#events.get(name);
  }

  /** @throws ProtocolFault for a cursor that this hub did not give */
  tools(principal: Principal, cursor: unknown): Page {
    return this.#page(this.#tools, principal, cursor);
  }

  resources(principal: Principal, cursor: unknown): Page {
    return this.#page(this.#resources, principal, cursor);
  }

  templates(principal: Principal, cursor: unknown): Page {
    return this.#page(this.#templates, principal, cursor);
  }

  /** A cursor is the number of the entry to go on with, among all and for every principal. */
  #page(all: readonly Entry[], principal: Principal, cursor: unknown): Page {
    const start = cursor === undefined ? 0 : startOf(cursor, all.length);
    const entries: string[] = [];
    let index = start;
    for (; index < all.length; index++) {
      const entry = all[index]!;
      if (!hasScopes(principal, entry.scopes)) continue;
      if (entries.length === this.#pageSize) return { entries, nextCursor: `after:${index}` };
      entries.push(entry.text);
    }
    return { entries, nextCursor: undefined };
  }

  #addTool({ contract, service, operation }: Endpoint, maxItems: number): void {
    this.#tools.push({
      scopes: operation.scopes,
      text: JSON.stringify(toolOf(contract, service, operation, maxItems)),
    });
  }

  #addEvent({ name, event }: EventEndpoint): void {
    const { scopes, subject, doc, deprecated } = event;
    const members = subjectMembers(subject);
    const about = {
      title: name,
      description: [
        doc,
        deprecated === undefined ? undefined : `Deprecated: ${deprecated}`,
        `The latest messages of the event ${name}.`,
      ]
        .filter((part) => part !== undefined)
        .join('\n\n'),
      mimeType: 'application/json',
    };
    this.#add(this.#resources, scopes, { uri: eventUri(name), name, ...about });
    if (members.length === 0) return;
    const uriTemplate = eventTemplate(name, members);
    this.#add(this.#templates, scopes, { uriTemplate, name, ...about });
  }

  #addStream({ name, contract, operation }: Endpoint): void {
    const { scopes, doc, input } = operation;
    const members = membersOf(input.schema, contract.$defs);
    const about = {
      title: name,
      description: `${doc === undefined ? '' : `${doc}\n\n`}The latest items of the stream that ${toolName(name)} answers.`,
      mimeType: 'application/json',
    };
    if ([...members.values()].every(({ required }) => !required)) {
      this.#add(this.#resources, scopes, { uri: streamUri(name), name, ...about });
    }
    if (members.size === 0) return;
    const uriTemplate = streamTemplate(name, [...members.keys()]);
    this.#add(this.#templates, scopes, { uriTemplate, name, ...about });
  }

  #add(list: Entry[], scopes: readonly string[], value: object): void {
    list.push({ scopes, text: JSON.stringify(value) });
  }
}

/** Reading a resource changes nothing: only streams of queries are ones. */
export function isStreamResource({ operation }: Endpoint): boolean {
  return operation.kind === 'query' && operation.output.stream && !operation.input.stream;
}

function startOf(cursor: unknown, length: number): number {
  const digits = typeof cursor === 'string' ? /^after:([0-9]{1,9})$/.exec(cursor)?.[1] : undefined;
  const start = digits === undefined ? length + 1 : Number(digits);
  if (start > length) throw badParams('The cursor is not one that a list of this hub gave.');
  return start;
}
