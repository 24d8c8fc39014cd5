import type { DocumentKind } from '../../hub/protocol.ts';
import { DEFAULT_PATH } from './options.ts';
import { contractWsdl } from './wsdl.ts';

/** All services of a contract in one WSDL. */
export const wsdl: DocumentKind = {
  format: 'wsdl',
  title: 'WSDL 1.1',
  create: (contract, baseUrl) =>
    contractWsdl(contract, (service) => `${baseUrl}${DEFAULT_PATH}/${service}`),
};
