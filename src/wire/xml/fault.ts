import { Fault, type FaultCode } from '../../model/fault.ts';

/** XML that is not well-formed, or not within the limits. Line and column count from 1. */
export class XmlFault extends Fault {
  readonly line: number;
  readonly column: number;

  constructor(code: FaultCode, reason: string, line: number, column: number) {
    super(code, `XML at line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}
