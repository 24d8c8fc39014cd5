import type { Contract } from '../../model/contract.ts';
import { XmlWriter } from '../../wire/xml/writer.ts';
import { pascalCase, wsdlNamespace } from './names.ts';
import { HTTP_TRANSPORT, WSDL, WSDL_SOAP_11, WSDL_SOAP_12 } from './namespaces.ts';
import { type MessageElement, type OperationPlan, planService, type ServicePlan } from './plan.ts';
import { schemaNamespaces, writable, writeSchema } from './xsd.ts';

/** The two versions of SOAP, each a binding and a port. */
const VERSIONS = [
  { prefix: 'soap11', suffix: 'Soap11' },
  { prefix: 'soap12', suffix: 'Soap12' },
] as const;

/**
 * WSDL 1.1 of some services of one contract: document/literal wrapped, with a binding and a port
 * for each version of SOAP.
 * @param addressOf URL of a service, by its name
 */
export function wsdlDocument(
  contract: Contract,
  plans: readonly ServicePlan[],
  addressOf: (service: string) => string,
): string {
  const target = wsdlNamespace(contract);
  const declarations: Record<string, string> = {};
  for (const plan of plans) declarations[servicePrefix(plan)] = plan.namespace;
  const prefixes = Object.fromEntries(
    Object.entries(declarations).map(([prefix, namespace]) => [`xmlns:${prefix}`, namespace]),
  );
  const writer = new XmlWriter().open('wsdl:definitions', {
    'xmlns:wsdl': WSDL,
    'xmlns:soap11': WSDL_SOAP_11,
    'xmlns:soap12': WSDL_SOAP_12,
    'xmlns:tns': target,
    ...prefixes,
    name: pascalCase(contract.name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())),
    targetNamespace: target,
  });
  documentation(writer, contract.doc);
  writer.open('wsdl:types');
  // What services share by a namespace of their own is declared once.
  const declared = new Set<string>();
  for (const plan of plans) {
    for (const namespace of schemaNamespaces(plan)) {
      writeSchema(writer, plan, namespace, undefined, declared);
    }
  }
  writer.close();
  for (const plan of plans) writeMessages(writer, plan);
  for (const plan of plans) writePortType(writer, plan);
  for (const plan of plans) for (const version of VERSIONS) writeBinding(writer, plan, version);
  for (const plan of plans) writeService(writer, plan, addressOf(plan.service.name));
  return writer.close().toString();
}

/** WSDL of all services of a contract, for export. */
export function contractWsdl(contract: Contract, addressOf: (service: string) => string): string {
  const plans = contract.services
    .map((service) => planService(contract, service))
    .filter(({ operations }) => operations.size > 0);
  return wsdlDocument(contract, plans, addressOf);
}

function servicePrefix({ service }: ServicePlan): string {
  return `${service.name}_`;
}

function portTypeName({ service }: ServicePlan): string {
  return pascalCase(service.name);
}

function messageName(plan: ServicePlan, part: string): string {
  return `${portTypeName(plan)}_${part}`;
}

function writeMessages(writer: XmlWriter, plan: ServicePlan): void {
  const message = (name: string, part: string, element: MessageElement) => {
    writer.open('wsdl:message', { name: messageName(plan, name) });
    writer.element('wsdl:part', { name: part, element: `${servicePrefix(plan)}:${element.name}` });
    writer.close();
  };
  for (const { input, output } of plan.operations.values()) {
    message(input.name, 'parameters', input);
    if (output !== undefined) message(output.name, 'parameters', output);
  }
  for (const error of plan.errors) message(error.name, 'fault', error);
}

function writePortType(writer: XmlWriter, plan: ServicePlan): void {
  writer.open('wsdl:portType', { name: portTypeName(plan) });
  documentation(writer, plan.service.doc);
  for (const { name, operation, input, output, errors } of plan.operations.values()) {
    writer.open('wsdl:operation', { name });
    const { doc, deprecated } = operation;
    const notes = [doc, deprecated === undefined ? undefined : `Deprecated: ${deprecated}`];
    documentation(writer, notes.filter((note) => note !== undefined).join('\n\n') || undefined);
    const message = (one: MessageElement) => `tns:${messageName(plan, one.name)}`;
    writer.element('wsdl:input', { message: message(input) });
    if (output !== undefined) writer.element('wsdl:output', { message: message(output) });
    for (const error of errors.values()) {
      writer.element('wsdl:fault', { name: error.name, message: message(error) });
    }
    writer.close();
  }
  writer.close();
}

function writeBinding(
  writer: XmlWriter,
  plan: ServicePlan,
  { prefix, suffix }: (typeof VERSIONS)[number],
): void {
  const name = portTypeName(plan);
  writer.open('wsdl:binding', { name: `${name}${suffix}`, type: `tns:${name}` });
  writer.element(`${prefix}:binding`, { style: 'document', transport: HTTP_TRANSPORT });
  for (const operation of plan.operations.values()) writeBound(writer, operation, prefix);
  writer.close();
}

function writeBound(writer: XmlWriter, plan: OperationPlan, prefix: string): void {
  const body = { use: 'literal' };
  writer.open('wsdl:operation', { name: plan.name });
  writer.element(`${prefix}:operation`, { soapAction: plan.action, style: 'document' });
  writer.open('wsdl:input').element(`${prefix}:body`, body).close();
  if (plan.output !== undefined) {
    writer.open('wsdl:output').element(`${prefix}:body`, body).close();
  }
  for (const { name } of plan.errors.values()) {
    writer
      .open('wsdl:fault', { name })
      .element(`${prefix}:fault`, { name, ...body })
      .close();
  }
  writer.close();
}

function writeService(writer: XmlWriter, plan: ServicePlan, location: string): void {
  const name = portTypeName(plan);
  writer.open('wsdl:service', { name });
  for (const { prefix, suffix } of VERSIONS) {
    writer.open('wsdl:port', { name: `${name}${suffix}`, binding: `tns:${name}${suffix}` });
    writer.element(`${prefix}:address`, { location }).close();
  }
  writer.close();
}

function documentation(writer: XmlWriter, text: string | undefined): void {
  if (text !== undefined) writer.element('wsdl:documentation', {}, writable(text));
}
