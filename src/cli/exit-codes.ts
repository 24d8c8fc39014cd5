import { FAULT_CODE_NAMES, FAULT_CODES, type FaultCode } from '../model/fault.ts';

/** What the exit code of `polywire` says; documented in docs/generated/cli.md. */
export const EXIT = {
  ok: { code: 0, meaning: 'Done; for `up`: stopped, every running call had its answer.' },
  failed: { code: 1, meaning: 'Something unexpected failed, or a check of `doctor` did.' },
  usage: { code: 2, meaning: 'The command line is not understood.' },
  config: {
    code: 3,
    meaning: 'The configuration, a contract or an application has a mistake; it is told on stderr.',
  },
  listen: { code: 4, meaning: 'The address cannot be bound, or binding it is refused.' },
  cut: { code: 5, meaning: '`up` stopped, but calls were still running at the drain deadline.' },
  unreachable: { code: 6, meaning: 'No hub answers at the address.' },
  interrupted: {
    code: 130,
    meaning: 'Stopped at once: by Ctrl+C in a client command, by a second signal in `up`.',
  },
} as const;

/** Faults of a call: 20 and the number of the fault code. */
const FAULT_BASE = 20;

export function exitCodeOfFault(code: FaultCode): number {
  return FAULT_BASE + FAULT_CODES[code].number;
}

/** Rows of the reference: code and meaning. */
export function exitCodeRows(): (readonly [code: number, meaning: string])[] {
  return [
    ...Object.values(EXIT).map(({ code, meaning }) => [code, meaning] as const),
    ...FAULT_CODE_NAMES.map(
      (code) => [exitCodeOfFault(code), `Fault ${code}: ${FAULT_CODES[code].meaning}`] as const,
    ),
  ].sort(([left], [right]) => left - right);
}

/** Ends a command with a message for people; `main` prints it and sets the exit code. */
export class CommandError extends Error {
  readonly exitCode: number;
  /** What `--json` prints beside the message. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(exitCode: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.details = details;
  }
}
