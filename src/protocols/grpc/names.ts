import type { Service } from '../../model/contract.ts';
import { serviceName } from '../../wire/protobuf/contract-names.ts';
import { pascalCase } from '../../wire/protobuf/names.ts';

/** `orders.Orders` */
export function fullServiceName(service: Service): string {
  return `${service.name}.${serviceName(service)}`;
}

/** `/orders.Orders/Get` */
export function methodPath(service: Service, operation: { readonly name: string }): string {
  return `/${fullServiceName(service)}/${pascalCase(operation.name)}`;
}
