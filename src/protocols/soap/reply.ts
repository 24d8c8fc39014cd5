import { type HeaderList, headerList } from '../../hub/header-list.ts';
import { Fault } from '../../model/fault.ts';
import { escapeAttribute, escapeText } from '../../wire/xml/writer.ts';
import { envelopeNamespace, type SoapVersion } from './envelope.ts';
import { EnvelopeFault, sideOf } from './faults.ts';
import { metadataBlocks } from './metadata.ts';
import { ENVELOPE_11, ENVELOPE_12, FAULT, XSI } from './namespaces.ts';
import type { ErrorPlan, OperationPlan, OutputPlan, ServicePlan } from './plan.ts';
import { writeParticle } from './types/object-type.ts';
import type { AttachmentSink } from './types/xml-type.ts';
import { writable } from './xsd.ts';

const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';

export const XML_HEADERS: Readonly<Record<SoapVersion, HeaderList>> = {
  '1.1': headerList('content-type', 'text/xml; charset=utf-8'),
  '1.2': headerList('content-type', 'application/soap+xml; charset=utf-8'),
};

/** Envelopes of one service: what is the same in all of them is written once. */
export class ReplyWriter {
  readonly #starts: Readonly<Record<SoapVersion, string>>;

  constructor(plan: ServicePlan | undefined) {
    const declarations = `${plan?.types.prefixes.declarations() ?? ''} xmlns:xsi="${XSI}"`;
    const start = (version: SoapVersion) =>
      `${DECLARATION}<soap:Envelope xmlns:soap="${envelopeNamespace(version)}"${declarations}>`;
    this.#starts = { '1.1': start('1.1'), '1.2': start('1.2') };
  }

  #envelope(version: SoapVersion, headers: string, body: string): string {
    const header = headers === '' ? '' : `<soap:Header>${headers}</soap:Header>`;
    return `${this.#starts[version]}${header}<soap:Body>${body}</soap:Body></soap:Envelope>`;
  }

  /** @throws Fault for a value that XML cannot hold */
  answer(
    version: SoapVersion,
    output: OutputPlan,
    value: unknown,
    metadata: ReadonlyMap<string, string> | undefined,
    sink: AttachmentSink | undefined,
  ): string {
    const { tag, result } = output;
    const content = result === undefined ? '' : writeParticle(result, value ?? null, sink);
    return this.#envelope(version, metadataBlocks(metadata), `${tag.open}>${content}${tag.close}`);
  }

  fault(
    version: SoapVersion,
    fault: Fault,
    operation: OperationPlan | undefined,
    metadata: ReadonlyMap<string, string> | undefined,
  ): string {
    const envelopeFault = fault instanceof EnvelopeFault ? fault : undefined;
    const code = `soap:${envelopeFault?.envelopeCode ?? sideName(version, fault)}`;
    const message = escapeText(writable(fault.message));
    let headers = metadataBlocks(metadata);
    if (envelopeFault !== undefined) headers += faultHeaders(version, envelopeFault);
    const detail = detailOf(fault, operation);
    if (version === '1.1') {
      // Faults of the header have no detail (SOAP 1.1 section 4.4).
      const details = envelopeFault === undefined ? `<detail>${detail}</detail>` : '';
      return this.#envelope(
        version,
        headers,
        `<soap:Fault><faultcode>${code}</faultcode><faultstring>${message}</faultstring>${details}</soap:Fault>`,
      );
    }
    const subcode =
      envelopeFault === undefined
        ? `<soap:Subcode><soap:Value xmlns:f="${FAULT}">f:${fault.code}</soap:Value></soap:Subcode>`
        : '';
    return this.#envelope(
      version,
      headers,
      `<soap:Fault><soap:Code><soap:Value>${code}</soap:Value>${subcode}</soap:Code>` +
        `<soap:Reason><soap:Text xml:lang="en">${message}</soap:Text></soap:Reason>` +
        `<soap:Detail>${detail}</soap:Detail></soap:Fault>`,
    );
  }
}

function sideName(version: SoapVersion, fault: Fault): string {
  const side = sideOf(fault);
  if (version === '1.2') return side;
  return side === 'Sender' ? 'Client' : 'Server';
}

/** HTTP status of a fault (SOAP 1.1 section 6.2; SOAP 1.2 part 2, table 20). */
export function statusOf(version: SoapVersion, fault: Fault): number {
  if (version === '1.1') return 500;
  if (fault instanceof EnvelopeFault) {
    return fault.envelopeCode === 'DataEncodingUnknown' ? 400 : 500;
  }
  return sideOf(fault) === 'Sender' ? 400 : 500;
}

/** NotUnderstood and Upgrade blocks (SOAP 1.2 sections 5.4.7 and 5.4.8). */
function faultHeaders(version: SoapVersion, fault: EnvelopeFault): string {
  if (fault.envelopeCode === 'VersionMismatch') {
    return (
      `<u:Upgrade xmlns:u="${ENVELOPE_12}"><u:SupportedEnvelope qname="a:Envelope" xmlns:a="${ENVELOPE_12}"/>` +
      `<u:SupportedEnvelope qname="b:Envelope" xmlns:b="${ENVELOPE_11}"/></u:Upgrade>`
    );
  }
  if (version === '1.1') return '';
  return fault.notUnderstood
    .map(({ namespace, name }) =>
      namespace === ''
        ? `<soap:NotUnderstood qname="${name}"/>`
        : `<soap:NotUnderstood qname="h:${name}" xmlns:h="${escapeAttribute(namespace)}"/>`,
    )
    .join('');
}

/** The declared error's element, then the exact fault. */
function detailOf(fault: Fault, operation: OperationPlan | undefined): string {
  const declared = fault.error === undefined ? undefined : operation?.errors.get(fault.error);
  let text = declared === undefined ? '' : declaredDetail(declared, fault.data);
  text += `<f:fault xmlns:f="${FAULT}"><f:code>${fault.code}</f:code>`;
  if (fault.error !== undefined) text += `<f:error>${escapeText(writable(fault.error))}</f:error>`;
  if (fault.retryAfterMs !== undefined) {
    text += `<f:retryAfterMs>${Math.ceil(fault.retryAfterMs)}</f:retryAfterMs>`;
  }
  for (const { path, expected, received } of fault.violations ?? []) {
    const attribute = (value: string) => escapeAttribute(writable(value));
    text += `<f:violation path="${attribute(path)}" expected="${attribute(expected)}" received="${attribute(received)}"/>`;
  }
  return `${text}</f:fault>`;
}

function declaredDetail({ tag, typed }: ErrorPlan, data: unknown): string {
  if (typed === undefined || data === undefined) return `${tag.open}/>`;
  try {
    if (data === null && typed.nillable) return `${tag.open} xsi:nil="true"/>`;
    return typed.type.write(tag, data, undefined);
  } catch (error) {
    // The error keeps its name and code where its data cannot be written.
    if (error instanceof Fault) return '';
    throw error;
  }
}
