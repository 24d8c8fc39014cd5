import { Fault, type FaultCode } from '../../model/fault.ts';

/** Which kind of thing is wrong with a record batch; the names are those of `AppendReason`. */
export type RecordsReason =
  /** Structure or checksum is broken. */
  | 'corrupt'
  /** Well-formed, and not what may stand here. */
  | 'invalid'
  /** Over a limit of size, packed or unpacked. */
  | 'too-large';

const CODE_OF: Readonly<Record<RecordsReason, FaultCode>> = {
  corrupt: 'INVALID_ARGUMENT',
  invalid: 'INVALID_ARGUMENT',
  'too-large': 'RESOURCE_EXHAUSTED',
};

/** Why a record batch is refused: what is wrong, where, and what was expected. */
export class RecordsFault extends Fault {
  readonly reason: RecordsReason;
  /** Byte in the buffer that was given, or in the unpacked records of a compressed batch. */
  readonly at: number;

  constructor(reason: RecordsReason, at: number, message: string, cause?: unknown) {
    super(CODE_OF[reason], message, { cause });
    this.reason = reason;
    this.at = at;
  }
}
