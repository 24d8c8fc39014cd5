import type { DocumentKind } from '../../hub/protocol.ts';
import { DEFAULT_PATH } from './options.ts';

/** All services of a contract in one WSDL. What writes it is loaded when it is asked for. */
export const wsdl: DocumentKind = {
  format: 'wsdl',
  title: 'WSDL 1.1',
  create: async (contract, baseUrl) => {
    const { contractWsdl } = await import('./wsdl.ts');
    return contractWsdl(contract, (service) => `${baseUrl}${DEFAULT_PATH}/${service}`);
  },
};
