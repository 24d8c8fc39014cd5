import { Fault } from '../../model/fault.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import type { XmlLimits } from '../../wire/xml/limits.ts';
import { parseXml } from '../../wire/xml/reader.ts';
import { type Envelope, type HeaderBlocks, readEnvelope, sortHeaders } from './envelope.ts';
import type { MessageMedia } from './media.ts';
import { openPackage } from './mtom.ts';
import type { OperationPlan, ServicePlan } from './plan.ts';
import { isNil } from './types/element-rules.ts';
import { Misfit } from './types/misfit.ts';
import type { IncludeSource } from './types/xml-type.ts';

/** A request, read as far as its envelope. */
export interface SoapMessage {
  readonly envelope: Envelope;
  readonly includes: IncludeSource | undefined;
}

/** @throws Fault for a body that is no message */
export function readMessage(
  body: Buffer,
  media: MessageMedia,
  limits: Partial<XmlLimits>,
  maxAttachments: number,
): SoapMessage {
  if (media.multipart === undefined) {
    const root = parseXml(body, limits, media.charset);
    return { envelope: readEnvelope(root, media.version), includes: undefined };
  }
  const opened = openPackage(body, media.multipart, maxAttachments);
  const root = parseXml(opened.root, limits, opened.charset);
  // Clients write either version into `start-info`; the envelope itself says which it is.
  return { envelope: readEnvelope(root, undefined), includes: opened.includes };
}

export function headersOf(message: SoapMessage, securityKnown: boolean): HeaderBlocks {
  return sortHeaders(message.envelope, securityKnown);
}

/**
 * The operation whose element is in the body, and whose action the request names.
 * @param action SOAPAction header or `action` parameter
 * @throws Fault UNIMPLEMENTED, INVALID_ARGUMENT
 */
export function operationOf(
  plan: ServicePlan,
  payload: XmlElement,
  action: string | undefined,
): OperationPlan {
  const { name, namespace } = payload;
  const operation = plan.operations.get(name);
  if (operation === undefined) {
    const known = name.slice(0, 60);
    throw new Fault(
      'UNIMPLEMENTED',
      plan.streaming.has(name)
        ? `${known} streams, which SOAP does not carry; call it over another protocol.`
        : `The service ${plan.service.name} has no operation <${known}>; its WSDL (?wsdl) lists them all.`,
    );
  }
  if (namespace !== plan.namespace) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `<${name}> is of ${namespace === '' ? 'no namespace' : `the namespace ${JSON.stringify(namespace.slice(0, 100))}`}; expected ${plan.namespace}.`,
    );
  }
  const named = action === undefined ? '' : unquoted(action);
  if (named !== '' && named !== operation.action) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The action is ${JSON.stringify(named.slice(0, 150))}, and the body holds <${name}>, whose action is ${operation.action}.`,
    );
  }
  return operation;
}

/** SOAPAction is in quotes (SOAP 1.1 section 6.1.1), which some clients leave out. */
function unquoted(action: string): string {
  const text = action.trim();
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** The operation's input. @throws Fault INVALID_ARGUMENT that names the element */
export function inputOf(
  operation: OperationPlan,
  payload: XmlElement,
  includes: IncludeSource | undefined,
): unknown {
  const { input } = operation;
  try {
    if (isNil(payload, input.nillable)) return null;
    return input.type.read(payload, includes);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { element, expected, received, path } = error;
    throw new Fault(
      'INVALID_ARGUMENT',
      `Element <${element.name.slice(0, 80)}> at line ${element.line} does not fit the schema of ${operation.name}: expected ${expected}, received ${received}.`,
      { violations: [{ path, expected, received }] },
    );
  }
}
