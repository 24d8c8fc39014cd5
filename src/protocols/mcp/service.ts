import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { Catalog, type Page } from './catalog.ts';
import { badParams, METHOD_NOT_FOUND, ProtocolFault } from './faults.ts';
import { META, SESSION_VERSIONS, VERSIONS } from './names.ts';
import type { McpOptions } from './options.ts';
import { isObject, type Parameters, type Requester, textParameter } from './request.ts';
import { Resources } from './resources.ts';
import { EMPTY, type Result, resultOf } from './results.ts';
import { ToolRunner } from './tool-call.ts';

/** Contracts do not change while a hub runs: a list may be kept for a while. */
const LIST_TTL_MS = 60_000;

/** Name and version of the server, as clients show them. */
export interface ServerInfo {
  readonly name: string;
  readonly title?: string;
  readonly version: string;
}

/** What MCP offers of one hub, whatever transport and revision asks. */
export class McpService {
  readonly hub: Hub;
  readonly meter: Meter;
  readonly options: McpOptions;
  readonly resources: Resources;
  readonly #catalog: Catalog;
  readonly #tools: ToolRunner;
  readonly #info: ServerInfo;
  readonly #infoMeta: string;

  constructor(hub: Hub, meter: Meter, options: McpOptions) {
    this.hub = hub;
    this.meter = meter;
    this.options = options;
    this.#catalog = new Catalog(hub, options);
    this.#tools = new ToolRunner(hub, meter, options);
    this.resources = new Resources(hub, meter, options, this.#catalog);
    this.#info = infoOf(hub);
    this.#infoMeta = JSON.stringify({ [META.serverInfo]: this.#info }).slice(1, -1);
  }

  /**
   * Answers a request of a method that needs nothing of its transport.
   * @throws (or rejects with) ProtocolFault or Fault
   */
  answer(method: string, parameters: Parameters, requester: Requester): MaybePromise<Result> {
    const { principal, modern } = requester;
    const { cursor } = parameters.members;
    switch (method) {
      case 'tools/call':
        return this.#call(parameters, requester);
      case 'tools/list':
        return listResult('tools', this.#catalog.tools(principal, cursor), modern);
      case 'resources/list':
        return listResult('resources', this.#catalog.resources(principal, cursor), modern);
      case 'resources/templates/list':
        return listResult('resourceTemplates', this.#catalog.templates(principal, cursor), modern);
      case 'resources/read':
        return this.#read(textParameter(parameters, 'uri'), requester);
      case 'server/discover':
        if (modern) return resultOf({ supportedVersions: VERSIONS, ...this.#about(), ...cached() });
        break;
      case 'initialize':
        if (!modern) return this.#initialize(parameters);
        break;
      case 'ping':
        if (!modern) return EMPTY;
        break;
    }
    throw unknownMethod(method, modern);
  }

  /** Text of the response to a request. @param id JSON text */
  resultText(id: string, { members, meta }: Result, modern: boolean): string {
    const parts: string[] = [];
    if (modern) parts.push('"resultType":"complete"');
    if (members !== '') parts.push(members);
    const own = meta === undefined ? '' : JSON.stringify(meta).slice(1, -1);
    const metaText = modern ? (own === '' ? this.#infoMeta : `${this.#infoMeta},${own}`) : own;
    if (metaText !== '') parts.push(`"_meta":{${metaText}}`);
    return `{"jsonrpc":"2.0","id":${id},"result":{${parts.join(',')}}}`;
  }

  /** Counts what is refused here; what the hub refuses it counts itself. */
  refused(fault: Fault): void {
    if (!(fault instanceof ProtocolFault)) return;
    this.meter.received++;
    this.meter.refused++;
  }

  #call(parameters: Parameters, requester: Requester): MaybePromise<Result> {
    const name = textParameter(parameters, 'name');
    const endpoint = this.#catalog.tool(name);
    if (endpoint === undefined) {
      throw new ProtocolFault(
        -32602,
        `There is no tool ${JSON.stringify(name.slice(0, 200))}; tools/list has them all.`,
        { code: 'UNIMPLEMENTED' },
      );
    }
    return this.#tools.run(endpoint, parameters, requester);
  }

  async #read(uri: string, requester: Requester): Promise<Result> {
    const text = await this.resources.read(uri, requester);
    const contents = [{ uri, mimeType: 'application/json', text }];
    return resultOf({ contents, ...(requester.modern ? cached(0) : {}) });
  }

  #initialize({ members }: Parameters): Result {
    const { protocolVersion: wanted, capabilities, clientInfo } = members;
    if (typeof wanted !== 'string') throw badParams('"params.protocolVersion" must be a string.');
    if (!isObject(capabilities)) throw badParams('"params.capabilities" must be an object.');
    if (!isObject(clientInfo)) throw badParams('"params.clientInfo" must be an object.');
    return resultOf({
      protocolVersion: sessionVersion(wanted),
      serverInfo: this.#info,
      ...this.#about(),
    });
  }

  #about(): object {
    const docs = this.hub.contracts().flatMap(({ doc }) => (doc === undefined ? [] : [doc]));
    return {
      capabilities: { tools: {}, resources: { subscribe: true } },
      ...(docs.length === 0 ? {} : { instructions: docs.join('\n\n') }),
    };
  }
}

/** The revision that a session speaks when its client asks for this one. */
export function sessionVersion(wanted: string): string {
  return SESSION_VERSIONS.includes(wanted) ? wanted : SESSION_VERSIONS[0]!;
}

export function unknownMethod(method: string, modern: boolean): Fault {
  return new ProtocolFault(
    METHOD_NOT_FOUND,
    `There is no method ${JSON.stringify(method.slice(0, 100))} here.`,
    { status: modern ? 404 : 200 },
  );
}

/** @throws Fault UNAUTHENTICATED where callers without credentials are refused everything */
export function requireCaller(hub: Hub, { principal }: Pick<Requester, 'principal'>): void {
  if (principal.authenticated || !hub.anonymousDenied) return;
  throw new Fault('UNAUTHENTICATED', 'This hub needs credentials, and none were sent.');
}

function infoOf(hub: Hub): ServerInfo {
  const [only, ...others] = hub.contracts();
  if (only === undefined || others.length > 0) {
    return { name: 'polywire', version: only?.version ?? '0.0.0' };
  }
  return { name: only.name, version: only.version };
}

function listResult(name: string, { entries, nextCursor }: Page, modern: boolean): Result {
  const more = {
    ...(nextCursor === undefined ? {} : { nextCursor }),
    ...(modern ? cached() : {}),
  };
  const rest = JSON.stringify(more).slice(1, -1);
  return { members: `"${name}":[${entries.join(',')}]${rest === '' ? '' : `,${rest}`}` };
}

/** What a list holds depends on who asks. */
function cached(ttlMs = LIST_TTL_MS): object {
  return { ttlMs, cacheScope: 'private' };
}
