import type { Meter } from '../../hub/diagnostics.ts';
import type { HeaderList } from '../../hub/header-list.ts';
import { NO_HEADERS } from '../../hub/header-list.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Metadata } from '../../model/metadata.ts';
import { type Credentials, NO_CREDENTIALS, type Principal } from '../../model/principal.ts';
import { compress, requestBytes, responseCoding } from '../../wire/compression.ts';
import { credentialsOf, deadlineOf, traceOf } from '../../wire/http-call.ts';
import { HttpFault } from '../../wire/problem.ts';
import type { XmlLimits } from '../../wire/xml/limits.ts';
import type { SoapVersion } from './envelope.ts';
import { type MessageMedia, mediaOf } from './media.ts';
import { headersOf, inputOf, operationOf, readMessage } from './message.ts';
import { callMetadata } from './metadata.ts';
import { Packer } from './mtom.ts';
import type { SoapOptions } from './options.ts';
import type { OperationPlan, Plans, ServicePlan } from './plan.ts';
import { ReplyWriter, statusOf, XML_HEADERS } from './reply.ts';
import { Security, type SecurityClaim } from './security.ts';

/** What all requests of one SOAP server share. */
export class SoapHandler {
  readonly hub: Hub;
  readonly meter: Meter;
  readonly options: SoapOptions;
  readonly plans: Plans;
  readonly limits: Partial<XmlLimits>;
  readonly security: Security;
  readonly #writers = new Map<ServicePlan, ReplyWriter>();

  constructor(hub: Hub, options: SoapOptions, meter: Meter, plans: Plans) {
    this.hub = hub;
    this.meter = meter;
    this.options = options;
    this.plans = plans;
    const { maxDepth, maxElements, maxAttributes } = options;
    this.limits = { maxDepth, maxElements, maxAttributes };
    this.security = new Security(options);
  }

  writerOf(plan: ServicePlan): ReplyWriter {
    let writer = this.#writers.get(plan);
    if (writer === undefined) this.#writers.set(plan, (writer = new ReplyWriter(plan)));
    return writer;
  }

  /** POST /soap/:service */
  handle(exchange: Exchange): MaybePromise<void> {
    try {
      const plan = this.planOf(exchange);
      const media = mediaOf(exchange.headers.get('content-type'));
      const request = new SoapRequest(this, exchange, plan, media);
      const body = requestBytes(exchange, this.options.maxMessageBytes);
      return isPromise(body) ? this.#later(request, body) : request.received(body);
    } catch (error) {
      this.refused();
      throw error;
    }
  }

  /** @throws HttpFault 404 for a service that there is not. */
  planOf(exchange: Exchange): ServicePlan {
    const name = exchange.parameters.service ?? '';
    const plan = this.plans.of(name);
    if (plan !== undefined) return plan;
    throw new HttpFault(
      404,
      'UNIMPLEMENTED',
      `There is no service ${JSON.stringify(name.slice(0, 80))}.`,
    );
  }

  async #later(request: SoapRequest, arriving: Promise<Buffer>): Promise<void> {
    let body: Buffer;
    try {
      body = await arriving;
    } catch (error) {
      this.refused();
      throw error;
    }
    await request.received(body);
  }

  /** Counts a request that became no call; the hub counts the calls. */
  refused(): void {
    this.meter.received++;
    this.meter.refused++;
  }
}

/** One request, from its body to its answer. */
class SoapRequest {
  readonly #handler: SoapHandler;
  readonly #exchange: Exchange;
  readonly #plan: ServicePlan;
  readonly #media: MessageMedia;
  #version: SoapVersion;
  #operation: OperationPlan | undefined;
  #call: Call | undefined;
  #input: unknown;
  #metadata: Metadata | undefined;
  #claim: SecurityClaim | undefined;

  constructor(handler: SoapHandler, exchange: Exchange, plan: ServicePlan, media: MessageMedia) {
    this.#handler = handler;
    this.#exchange = exchange;
    this.#plan = plan;
    this.#media = media;
    this.#version = media.version ?? '1.1';
  }

  /** Never throws what the request is to blame for. */
  received(body: Buffer): MaybePromise<void> {
    let principal: MaybePromise<Principal>;
    try {
      principal = this.#read(body);
    } catch (error) {
      return this.#refuse(error);
    }
    return isPromise(principal) ? this.#authenticated(principal) : this.#invoke(principal);
  }

  #read(body: Buffer): MaybePromise<Principal> {
    const { options, limits, security, hub } = this.#handler;
    const { headers } = this.#exchange;
    const message = readMessage(body, this.#media, limits, options.maxAttachments);
    const { envelope, includes } = message;
    this.#version = envelope.version;
    const blocks = headersOf(message, options.security);
    const action = envelope.version === '1.1' ? headers.get('soapaction') : this.#media.action;
    this.#operation = operationOf(this.#plan, envelope.payload, action);
    this.#input = inputOf(this.#operation, envelope.payload, includes);
    this.#metadata = callMetadata(blocks.metadata, headers);
    let credentials: Credentials = credentialsOf(headers.get('authorization'));
    if (blocks.security !== undefined) {
      this.#claim = security.read(blocks.security);
      credentials = oneOf(credentials, this.#claim.credentials);
    }
    try {
      return hub.authenticate(credentials);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    if (this.#claim !== undefined) this.#handler.security.forget(this.#claim);
  }

  async #authenticated(pending: Promise<Principal>): Promise<void> {
    let principal: Principal;
    try {
      principal = await pending;
    } catch (error) {
      this.#forget();
      return this.#refuse(error);
    }
    await this.#invoke(principal);
  }

  #invoke(principal: Principal): MaybePromise<void> {
    const { hub, plans, meter } = this.#handler;
    const endpoint = plans.endpoint(this.#plan, this.#operation!);
    let answer: MaybePromise<unknown>;
    try {
      if (endpoint === undefined) throw new Fault('UNIMPLEMENTED', 'The operation is gone.');
      const metadata = this.#metadata!;
      this.#call = new Call({
        input: this.#input,
        principal,
        metadata,
        deadlineMs: deadlineOf(metadata),
        trace: traceOf(metadata),
      });
      this.#exchange.abortable = this.#call;
    } catch (error) {
      return this.#refuse(error);
    }
    try {
      answer = hub.invoke(endpoint, this.#call, meter);
    } catch (error) {
      return this.#fail(Fault.from(error));
    }
    return isPromise(answer)
      ? answer.then(
          (value) => this.#succeed(value),
          (error: unknown) => this.#fail(Fault.from(error)),
        )
      : this.#succeed(answer);
  }

  #succeed(value: unknown): MaybePromise<void> {
    const exchange = this.#exchange;
    if (exchange.finished) return;
    const { output } = this.#operation!;
    if (output === undefined) {
      exchange.respond(202, NO_HEADERS);
      return;
    }
    const version = this.#version;
    const packer = this.#takesAttachments()
      ? new Packer(this.#handler.options.attachFromBytes)
      : undefined;
    let text: string;
    try {
      const writer = this.#handler.writerOf(this.#plan);
      text = writer.answer(version, output, value, this.#call!.replyMetadata, packer);
    } catch (error) {
      return this.#fail(unwritable(error));
    }
    if (packer?.isNeeded) {
      const headers = NO_HEADERS.with('content-type', packer.contentType(version));
      exchange.respond(200, headers, packer.pack(text, version));
      return;
    }
    return this.#respond(200, XML_HEADERS[version], text);
  }

  #takesAttachments(): boolean {
    if (this.#media.multipart !== undefined) return true;
    const accept = this.#exchange.headers.get('accept');
    return accept !== undefined && /multipart\/related|application\/xop\+xml/i.test(accept);
  }

  #refuse(error: unknown): MaybePromise<void> {
    const fault = Fault.from(error);
    this.#handler.refused();
    // Nothing of it was understood: it is answered in the version of its media type.
    return this.#fail(fault);
  }

  #fail(fault: Fault): MaybePromise<void> {
    if (this.#exchange.finished) return;
    const version = this.#version;
    const writer = this.#handler.writerOf(this.#plan);
    const text = writer.fault(version, fault, this.#operation, this.#call?.replyMetadata);
    return this.#respond(statusOf(version, fault), XML_HEADERS[version], text);
  }

  #respond(status: number, headers: HeaderList, text: string): MaybePromise<void> {
    const exchange = this.#exchange;
    if (text.length < this.#handler.options.compressFromBytes) {
      exchange.respond(status, headers, text);
      return;
    }
    const coding = responseCoding(exchange.headers.get('accept-encoding'));
    const varying = headers.with('vary', 'accept-encoding');
    if (coding === undefined) {
      exchange.respond(status, varying, text);
      return;
    }
    return compress(text, coding).then((bytes) => {
      if (!exchange.finished) {
        exchange.respond(status, varying.with('content-encoding', coding), bytes);
      }
    });
  }
}

/** @throws Fault where a request shows two different callers. */
function oneOf(header: Credentials, token: Credentials | undefined): Credentials {
  if (token === undefined) return header;
  if (header === NO_CREDENTIALS) return token;
  throw new Fault(
    'INVALID_ARGUMENT',
    'The request has both an Authorization header and a UsernameToken; send one of them.',
  );
}

function unwritable(error: unknown): Fault {
  if (!(error instanceof Fault)) throw error;
  return new Fault('INTERNAL', `The answer cannot be written as XML: ${error.message}`);
}
