import type { Protocol } from '../../hub/protocol.ts';
import { wsdl } from './document.ts';
import { faults } from './faults.ts';
import { SoapOptions } from './options.ts';
import { serveSoap } from './server.ts';

/** SOAP 1.1 (W3C Note, 2000) and 1.2 (W3C Recommendation, 2007), document/literal wrapped. */
export default {
  name: 'soap',
  title: 'SOAP 1.1 and 1.2',
  can: {
    call: { unary: true, serverStream: false, clientStream: false, bidirectional: false },
    publish: false,
    subscribe: false,
    acknowledge: false,
    headers: true,
    cancel: true,
    deadline: true,
  },
  faults,
  options: SoapOptions,
  documents: [wsdl],
  serve: (hub, options, meter) => serveSoap(hub, options, meter),
} satisfies Protocol<SoapOptions>;
