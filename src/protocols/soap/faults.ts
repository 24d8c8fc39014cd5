import type { FaultTable } from '../../hub/protocol.ts';
import { Fault, type FaultCode } from '../../model/fault.ts';
import { XmlFault } from '../../wire/xml/fault.ts';
import type { QualifiedName } from './types/xml-type.ts';

/** Who is at fault: `Client` and `Server` in SOAP 1.1, `Sender` and `Receiver` in 1.2. */
export type Side = 'Sender' | 'Receiver';

export interface SoapCode {
  readonly side: Side;
  readonly code: FaultCode;
}

/** Receiver is for what may succeed when the same message comes again (SOAP 1.2 section 5.4.6). */
const SIDES: { readonly [code in FaultCode]: Side } = {
  CANCELLED: 'Sender',
  UNKNOWN: 'Receiver',
  INVALID_ARGUMENT: 'Sender',
  DEADLINE_EXCEEDED: 'Receiver',
  NOT_FOUND: 'Sender',
  ALREADY_EXISTS: 'Sender',
  PERMISSION_DENIED: 'Sender',
  RESOURCE_EXHAUSTED: 'Receiver',
  FAILED_PRECONDITION: 'Sender',
  ABORTED: 'Receiver',
  OUT_OF_RANGE: 'Sender',
  UNIMPLEMENTED: 'Sender',
  INTERNAL: 'Receiver',
  UNAVAILABLE: 'Receiver',
  DATA_LOSS: 'Receiver',
  UNAUTHENTICATED: 'Sender',
};

/** What is wrong with the document is its sender's mistake, past a limit too: it would be refused
 * again. Elsewhere RESOURCE_EXHAUSTED is a matter of when a message comes. */
export function sideOf(fault: Fault): Side {
  return fault instanceof XmlFault ? 'Sender' : SIDES[fault.code];
}

const toWire = Object.fromEntries(
  (Object.entries(SIDES) as [FaultCode, Side][]).map(([code, side]) => [code, { side, code }]),
) as { readonly [code in FaultCode]: SoapCode };

/** Faults as SOAP Faults. */
export const faults: FaultTable<SoapCode> = {
  toWire,
  fromWire: ({ code }) => code,
  show: ({ side, code }) =>
    `${side === 'Sender' ? 'Client / Sender' : 'Server / Receiver'}, ${code}`,
  details:
    'SOAP 1.1 answers status 500; SOAP 1.2 answers 400 for Sender and 500 for Receiver, with the exact code as Subcode. The detail holds the element of the declared error with its typed data, then `fault` of the namespace `urn:polywire:fault`: exact `code`, `error`, `violation`.',
};

/** Codes that SOAP itself gives a meaning (SOAP 1.1 section 4.4.1, SOAP 1.2 section 5.4.6). */
export type EnvelopeCode = 'VersionMismatch' | 'MustUnderstand' | 'DataEncodingUnknown';

/** A message that is refused by the rules of the envelope. */
export class EnvelopeFault extends Fault {
  readonly envelopeCode: EnvelopeCode;
  readonly notUnderstood: readonly QualifiedName[];

  constructor(
    envelopeCode: EnvelopeCode,
    message: string,
    notUnderstood: readonly QualifiedName[] = [],
  ) {
    super('INVALID_ARGUMENT', message);
    this.envelopeCode = envelopeCode;
    this.notUnderstood = notUnderstood;
  }
}
