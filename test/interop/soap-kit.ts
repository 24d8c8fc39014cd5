import { planService } from '../../src/protocols/soap/plan.ts';
import type { XmlElement } from '../../src/wire/xml/element.ts';
import { parseXml } from '../../src/wire/xml/reader.ts';
import { contract } from './soap-application.ts';

export const NAMESPACE = 'urn:polywire:shop:orders';
export const ENVELOPES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const;
export const FAULT = 'urn:polywire:fault';

export type Version = keyof typeof ENVELOPES;

export const VERSIONS: readonly Version[] = ['1.1', '1.2'];

export const plan = planService(contract, contract.services[0]!);

/** An envelope around the text of a body, with the prefixes that the tests use. */
export function envelope(version: Version, body: string, header = ''): string {
  const head = header === '' ? '' : `<s:Header>${header}</s:Header>`;
  return (
    `<s:Envelope xmlns:s="${ENVELOPES[version]}" xmlns:o="${NAMESPACE}" ` +
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"${plan.types.prefixes.declarations()}>` +
    `${head}<s:Body>${body}</s:Body></s:Envelope>`
  );
}

/** The input element of an operation, written by the operation's own types. */
export function inputElement(operation: string, input: unknown): string {
  const { input: declared } = plan.operations.get(operation)!;
  return declared.type.write(declared.tag, input, undefined);
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly header: XmlElement | undefined;
  /** The element in the body. */
  readonly payload: XmlElement;
}

export function contentTypeOf(version: Version): string {
  return version === '1.1' ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8';
}

export async function post(
  url: string,
  version: Version,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/soap/orders`, {
    method: 'POST',
    headers: { 'content-type': contentTypeOf(version), ...headers },
    body: typeof body === 'string' ? body : Buffer.from(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  const root = parseXml(text);
  const header = root.children.find(({ name }) => name === 'Header');
  const payload = root.children.at(-1)!.children[0]!;
  return { status: response.status, headers: response.headers, text, header, payload };
}

export interface SoapFault {
  /** Local name: Client, Server, Sender, Receiver, MustUnderstand, ... */
  readonly side: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly violations: readonly (string | undefined)[][];
  readonly detail: readonly XmlElement[];
}

/** A fault of either version; throws for an answer that is none. */
export function faultOf({ payload, text }: Answer): SoapFault {
  const { namespace } = payload;
  const old = namespace === ENVELOPES['1.1'];
  if (payload.name !== 'Fault') throw new Error(`no fault: ${text.slice(0, 300)}`);
  const inner = (...names: string[]) =>
    names.reduce<XmlElement | undefined>(
      (element, name) => element?.child(old ? '' : namespace, name),
      payload,
    );
  const value = old ? inner('faultcode') : inner('Code', 'Value');
  const side = value?.qualifiedName(value.text);
  if (side?.namespace !== namespace) throw new Error(`a code of another namespace: ${text}`);
  const detail = inner(old ? 'detail' : 'Detail')?.children ?? [];
  const exact = detail.find((element) => element.is(FAULT, 'fault'));
  return {
    side: side.name,
    code: exact?.child(FAULT, 'code')?.text,
    message: (old ? inner('faultstring') : inner('Reason', 'Text'))!.text,
    violations: (exact?.children ?? [])
      .filter(({ name }) => name === 'violation')
      .map((one) => ['path', 'expected', 'received'].map((name) => one.attribute(name))),
    detail,
  };
}
