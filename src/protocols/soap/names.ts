import type { Contract, Operation, Service } from '../../model/contract.ts';

/** `Create` for the operation `create`: its element, and its name in the WSDL. */
export function pascalCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Target namespace of a contract's WSDL. */
export function wsdlNamespace(contract: Contract): string {
  return `urn:polywire:${contract.name}`;
}

/** Namespace of a service's elements and types, but for those that declare another one. */
export function serviceNamespace(contract: Contract, service: Service): string {
  return `urn:polywire:${contract.name}:${service.name}`;
}

/** SOAPAction of SOAP 1.1 and `action` of 1.2. */
export function actionOf(namespace: string, operation: Operation): string {
  return `${namespace}#${pascalCase(operation.name)}`;
}
