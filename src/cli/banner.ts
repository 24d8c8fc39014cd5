import type { RunningSystem } from '../config/assemble.ts';
import { type ProtocolFacts, protocolFacts } from '../config/try-lines.ts';
import type { TryLine } from '../hub/protocol.ts';
import type { Output } from './output.ts';

/** What is served, as `up --json` prints it. */
export interface SystemFacts {
  readonly event: 'serving';
  readonly pid: number;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly unix: string | undefined;
  readonly authentication: 'none' | 'required' | 'optional';
  /** Folder for state; undefined for a temporary one. */
  readonly data: string | undefined;
  readonly contracts: readonly ContractFacts[];
  readonly protocols: readonly ProtocolFacts[];
}

export interface ContractFacts {
  readonly name: string;
  readonly version: string;
  readonly operations: number;
  readonly events: number;
}

export function systemFacts(system: RunningSystem): SystemFacts {
  const { address } = system;
  return {
    event: 'serving',
    pid: process.pid,
    url: address.url,
    host: address.host,
    port: address.port,
    unix: address.unix,
    authentication: system.authentication,
    data: system.dataDirectory,
    contracts: system.hub.contracts().map((contract) => ({
      name: contract.name,
      version: contract.version,
      operations: contract.services.reduce((sum, { operations }) => sum + operations.length, 0),
      events: contract.services.reduce((sum, { events }) => sum + events.length, 0),
    })),
    protocols: protocolFacts(system.servers, address),
  };
}

const LABEL_WIDTH = 20;

const AUTHENTICATION = {
  none: 'off: whoever reaches this address may do everything',
  required: 'required',
  optional: 'optional: callers without credentials may use what asks for no scope',
} as const;

/** One screen: what runs, where, and a line to paste for each protocol. */
export function printBanner(facts: SystemFacts, output: Output): void {
  const dim = (text: string): string => output.style('dim', text);
  const row = (label: string, text: string): void =>
    output.line(`  ${dim(label.padEnd(LABEL_WIDTH))}${text}`);
  output.line();
  output.line(
    `  ${output.style(['bold', 'green'], 'Polywire')} serves ${contractsText(facts.contracts)}`,
  );
  output.line();
  row('address', output.style('bold', facts.url));
  if (facts.unix !== undefined) row('Unix socket', facts.unix);
  row('authentication', AUTHENTICATION[facts.authentication]);
  row('data', facts.data ?? 'temporary');
  output.line();
  for (const { title, try: lines } of facts.protocols) {
    const [first, second] = shownLines(lines);
    if (first !== undefined) row(title, first);
    if (second !== undefined) row('', second);
  }
  output.line();
  row('more to try', `curl -s ${facts.url}/try`);
  output.line();
  output.line(dim('  Ctrl+C stops gracefully; again, at once.'));
  output.line();
}

/** The first line, and behind one to paste the first page to open; `/try` has the others. */
function shownLines([first, ...others]: readonly TryLine[]): string[] {
  if (first === undefined) return [];
  const isPage = ({ command }: TryLine): boolean => /^https?:/.test(command);
  const page = isPage(first) ? undefined : others.find(isPage);
  return page === undefined ? [first.command] : [first.command, page.command];
}

function contractsText(contracts: readonly ContractFacts[]): string {
  if (contracts.length === 0) {
    return 'no contract; give it one: polywire up orders.ts';
  }
  return contracts
    .map(
      ({ name, version, operations, events }) =>
        `${name} ${version} (${count(operations, 'operation')}, ${count(events, 'event')})`,
    )
    .join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
