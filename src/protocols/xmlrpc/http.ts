import type { Meter } from '../../hub/diagnostics.ts';
import { headerList } from '../../hub/header-list.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Principal } from '../../model/principal.ts';
import { compress, requestBytes, responseCoding } from '../../wire/compression.ts';
import { HeaderMemory, parseMediaType } from '../../wire/content-negotiation.ts';
import { principalOf } from '../../wire/http-call.ts';
import { HttpFault } from '../../wire/problem.ts';
import { withReplyMetadata } from '../../wire/reply-metadata.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import { decodeXml } from '../../wire/xml/encoding.ts';
import { DEFAULT_XML_LIMITS, type XmlLimits } from '../../wire/xml/limits.ts';
import type { parseXml } from '../../wire/xml/reader.ts';
import { scanXml } from '../../wire/xml/scan.ts';
import { Caller } from './caller.ts';
import { Calls } from './calls.ts';
import type { XmlRpcOptions } from './options.ts';
import { type MethodCall, methodCallOf } from './request.ts';
import { faultText, responseText } from './response.ts';

const XML_HEADERS = headerList('content-type', 'text/xml; charset=utf-8');

/** Levels of elements that one array or struct takes, and those around the parameters. */
const LEVELS_EACH = 3;
const LEVELS_AROUND = 8;

/** XML-RPC over HTTP: one POST carries one call. Faults have status 200, as the specification
 * asks; what is no XML at all (415, 413) has a status of its own. */
export class HttpXmlRpc {
  readonly #hub: Hub;
  readonly #options: XmlRpcOptions;
  readonly #calls: Calls;
  readonly #xmlLimits: XmlLimits;

  constructor(hub: Hub, options: XmlRpcOptions, meter: Meter) {
    this.#hub = hub;
    this.#options = options;
    this.#calls = new Calls(hub, options, meter);
    this.#xmlLimits = {
      ...DEFAULT_XML_LIMITS,
      maxDepth: options.maxDepth * LEVELS_EACH + LEVELS_AROUND,
      maxElements: options.maxElements,
      maxLength: options.maxRequestBytes,
      maxTextLength: options.maxRequestBytes,
    };
  }

  handle(exchange: Exchange): MaybePromise<void> {
    const { headers } = exchange;
    const charset = charsetOf(headers.get('content-type'));
    const body = requestBytes(exchange, this.#options.maxRequestBytes);
    return isPromise(body)
      ? body.then((bytes) => this.#read(exchange, charset, bytes))
      : this.#read(exchange, charset, body);
  }

  #read(exchange: Exchange, charset: string, body: Buffer): MaybePromise<void> {
    let text: string;
    try {
      text = decodeXml(body, charset === '' ? undefined : charset);
    } catch (error) {
      return this.#respondFault(exchange, this.#calls.refuse(error));
    }
    const root = scanXml(text, this.#xmlLimits);
    return root === undefined ? this.#readStrictly(exchange, text) : this.#take(exchange, root);
  }

  /** Few requests come here: the reader for all of XML is loaded for the first of them. */
  #readStrictly(exchange: Exchange, text: string): MaybePromise<void> {
    if (parseStrictly === undefined) {
      return loadStrictReader().then(() => this.#readStrictly(exchange, text));
    }
    let root: XmlElement;
    try {
      root = parseStrictly(text, this.#xmlLimits);
    } catch (error) {
      return this.#respondFault(exchange, this.#calls.refuse(error));
    }
    return this.#take(exchange, root);
  }

  #take(exchange: Exchange, root: XmlElement): MaybePromise<void> {
    let request: MethodCall;
    let principal: MaybePromise<Principal>;
    try {
      request = methodCallOf(root, this.#options.maxParams);
      principal = principalOf(this.#hub, exchange);
    } catch (error) {
      return this.#respondFault(exchange, this.#calls.refuse(error));
    }
    return isPromise(principal)
      ? this.#runLater(exchange, request, principal)
      : this.#run(exchange, request, principal);
  }

  async #runLater(
    exchange: Exchange,
    request: MethodCall,
    pending: Promise<Principal>,
  ): Promise<void> {
    let principal: Principal;
    try {
      principal = await pending;
    } catch (error) {
      return this.#respondFault(exchange, this.#calls.refuse(error));
    }
    return this.#run(exchange, request, principal);
  }

  #run(exchange: Exchange, request: MethodCall, principal: Principal): MaybePromise<void> {
    let caller: Caller;
    try {
      caller = new Caller(exchange, principal);
    } catch (error) {
      return this.#respondFault(exchange, this.#calls.refuse(error));
    }
    let answer: MaybePromise<string>;
    try {
      answer = this.#calls.run(request, caller);
    } catch (error) {
      return this.#respondFault(exchange, Fault.from(error), caller);
    }
    return isPromise(answer)
      ? this.#respondLater(exchange, answer, caller)
      : this.#respond(exchange, responseText(answer), caller);
  }

  async #respondLater(exchange: Exchange, answer: Promise<string>, caller: Caller): Promise<void> {
    let value: string;
    try {
      value = await answer;
    } catch (error) {
      return this.#respondFault(exchange, Fault.from(error), caller);
    }
    return this.#respond(exchange, responseText(value), caller);
  }

  #respondFault(exchange: Exchange, fault: Fault, caller?: Caller): MaybePromise<void> {
    return this.#respond(exchange, faultText(fault, this.#options), caller);
  }

  #respond(exchange: Exchange, text: string, caller: Caller | undefined): MaybePromise<void> {
    if (exchange.finished) return undefined;
    const headers = caller === undefined ? XML_HEADERS : withReplyMetadata(XML_HEADERS, caller);
    if (text.length < this.#options.compressFromBytes) {
      exchange.respond(200, headers, text);
      return undefined;
    }
    const varying = headers.with('vary', 'accept-encoding');
    const coding = responseCoding(exchange.headers.get('accept-encoding'));
    if (coding === undefined) {
      exchange.respond(200, varying, text);
      return undefined;
    }
    return compress(text, coding).then((bytes) => {
      if (!exchange.finished) {
        exchange.respond(200, varying.with('content-encoding', coding), bytes);
      }
    });
  }
}

let parseStrictly: typeof parseXml | undefined;

async function loadStrictReader(): Promise<void> {
  ({ parseXml: parseStrictly } = await import('../../wire/xml/reader.ts'));
}

const charsets = new HeaderMemory((contentType) => {
  const media = parseMediaType(contentType);
  if (media?.type !== 'text/xml' && media?.type !== 'application/xml') return undefined;
  return media.parameters.get('charset') ?? '';
});

/** The charset that a Content-Type names; '' for none.
 * @throws HttpFault 415 for a type that is not XML */
function charsetOf(contentType: string | undefined): string {
  const charset = contentType === undefined ? undefined : charsets.get(contentType);
  if (charset !== undefined) return charset;
  throw new HttpFault(
    415,
    'INVALID_ARGUMENT',
    `XML-RPC comes as text/xml; Content-Type was ${JSON.stringify((contentType ?? 'absent').slice(0, 80))}.`,
    ['accept-post', 'text/xml, application/xml'],
  );
}
