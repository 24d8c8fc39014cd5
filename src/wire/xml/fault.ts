import { Fault, type FaultCode } from '../../model/fault.ts';

/** What kind of thing is wrong; XML-RPC has a fault code for each. */
export type XmlProblem =
  /** Not well-formed, or a construct that is not accepted. */
  | 'syntax'
  /** An encoding that is not supported. */
  | 'encoding'
  /** A character that XML does not have, or bytes that are not of the encoding. */
  | 'character'
  /** Past one of the limits. */
  | 'limit';

/** XML that is not well-formed, or not within the limits. Line and column count from 1. */
export class XmlFault extends Fault {
  readonly line: number;
  readonly column: number;
  readonly problem: XmlProblem;

  constructor(
    code: FaultCode,
    reason: string,
    line: number,
    column: number,
    problem: XmlProblem = 'syntax',
  ) {
    super(code, `XML at line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
    this.problem = problem;
  }
}
