import type { Service } from '../../model/contract.ts';
import { pascalCase } from './names.ts';

/** `Orders`: what a service is called in its package, which has the service's own name. */
export function serviceName(service: Service): string {
  return pascalCase(service.name);
}
