import { Fault } from '../../model/fault.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import { EnvelopeFault } from './faults.ts';
import { ENVELOPE_11, ENVELOPE_12, METADATA, WSSE } from './namespaces.ts';

export type SoapVersion = '1.1' | '1.2';

export interface Envelope {
  readonly version: SoapVersion;
  readonly headers: readonly XmlElement[];
  /** The one element in the body. */
  readonly payload: XmlElement;
}

export function envelopeNamespace(version: SoapVersion): string {
  return version === '1.1' ? ENVELOPE_11 : ENVELOPE_12;
}

/**
 * Header and payload of a message.
 * @param declared version that the media type says; undefined for one that says none
 * @throws EnvelopeFault VersionMismatch, Fault INVALID_ARGUMENT
 */
export function readEnvelope(root: XmlElement, declared: SoapVersion | undefined): Envelope {
  if (root.name !== 'Envelope') throw broken(`The document is <${brief(root)}>, not an Envelope.`);
  const version = versionOf(root.namespace);
  if (version === undefined) {
    throw new EnvelopeFault(
      'VersionMismatch',
      `The envelope is of ${root.namespace === '' ? 'no namespace' : JSON.stringify(root.namespace.slice(0, 100))}; SOAP 1.1 (${ENVELOPE_11}) and 1.2 (${ENVELOPE_12}) are understood.`,
    );
  }
  if (declared !== undefined && declared !== version) {
    throw new EnvelopeFault(
      'VersionMismatch',
      `The Content-Type says SOAP ${declared}, and the envelope is of SOAP ${version}.`,
    );
  }
  const { namespace, children } = root;
  if (!root.isTextBlank) throw broken('There is text in the Envelope, outside of its Body.');
  const header = children[0]?.is(namespace, 'Header') ? children[0] : undefined;
  const body = children[header === undefined ? 0 : 1];
  if (body === undefined || !body.is(namespace, 'Body')) {
    throw broken(
      `The Envelope has ${body === undefined ? 'no Body' : `<${brief(body)}> where its Body belongs`}.`,
    );
  }
  const extra = children[header === undefined ? 1 : 2];
  if (extra !== undefined) throw broken(`<${brief(extra)}> stands behind the Body.`);
  if (header !== undefined && !header.isTextBlank) throw broken('There is text in the Header.');
  const [payload, second] = body.children;
  if (!body.isTextBlank) throw broken('There is text in the Body.');
  if (payload === undefined) throw broken('The Body is empty.');
  if (second !== undefined) throw broken('The Body has more than one element.');
  if (payload.attribute('encodingStyle', namespace)) {
    throw new EnvelopeFault(
      'DataEncodingUnknown',
      'Messages are document/literal here; encodingStyle is not understood.',
    );
  }
  return { version, headers: header?.children ?? [], payload };
}

export function versionOf(namespace: string): SoapVersion | undefined {
  if (namespace === ENVELOPE_11) return '1.1';
  return namespace === ENVELOPE_12 ? '1.2' : undefined;
}

export interface HeaderBlocks {
  /** Blocks of our own namespace. */
  readonly metadata: readonly XmlElement[];
  readonly security: XmlElement | undefined;
}

const NO_BLOCKS: HeaderBlocks = { metadata: [], security: undefined };

/**
 * The header blocks that are meant for us and that we know.
 * @throws EnvelopeFault MustUnderstand for one that we do not know and have to
 */
export function sortHeaders(envelope: Envelope, securityKnown: boolean): HeaderBlocks {
  if (envelope.headers.length === 0) return NO_BLOCKS;
  const metadata: XmlElement[] = [];
  const notUnderstood: XmlElement[] = [];
  let security: XmlElement | undefined;
  for (const block of envelope.headers) {
    if (!isForUs(block, envelope.version)) continue;
    if (block.namespace === METADATA) metadata.push(block);
    else if (securityKnown && block.is(WSSE, 'Security')) {
      if (security !== undefined) throw broken('There are two Security headers for us.');
      security = block;
    } else if (mustUnderstand(block, envelope.version)) notUnderstood.push(block);
  }
  if (notUnderstood.length > 0) {
    const names = notUnderstood.slice(0, 5).map((block) => `{${block.namespace}}${block.name}`);
    throw new EnvelopeFault(
      'MustUnderstand',
      `Header blocks that must be understood are not: ${names.join(', ').slice(0, 500)}.`,
      notUnderstood.slice(0, 20),
    );
  }
  return { metadata, security };
}

const ROLES: Readonly<Record<SoapVersion, readonly string[]>> = {
  '1.1': ['', 'http://schemas.xmlsoap.org/soap/actor/next'],
  '1.2': ['', `${ENVELOPE_12}/role/next`, `${ENVELOPE_12}/role/ultimateReceiver`],
};

function isForUs(block: XmlElement, version: SoapVersion): boolean {
  const role = block.attribute(version === '1.1' ? 'actor' : 'role', envelopeNamespace(version));
  return role === undefined || ROLES[version].includes(role.trim());
}

/** @throws Fault for a value that is neither true nor false. */
function mustUnderstand(block: XmlElement, version: SoapVersion): boolean {
  const value = block.attribute('mustUnderstand', envelopeNamespace(version))?.trim();
  switch (value) {
    case undefined:
    case '0':
    case 'false':
      return false;
    case '1':
    case 'true':
      return true;
    default:
      throw broken(`mustUnderstand of <${brief(block)}> is neither 1 nor 0.`);
  }
}

function brief({ name }: XmlElement): string {
  return name.slice(0, 60);
}

function broken(reason: string): Fault {
  return new Fault('INVALID_ARGUMENT', reason);
}
