import type { RunningSystem } from '../config/assemble.ts';
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

export interface ProtocolFacts {
  readonly name: string;
  readonly title: string;
  readonly try: readonly TryLine[];
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
    protocols: system.servers.map(({ protocol, server }) => ({
      name: protocol.name,
      title: protocol.title,
      try: server.tryIt(address),
    })),
  };
}

const AUTHENTICATION = {
  none: 'off: whoever reaches this address may do everything',
  required: 'required',
  optional: 'optional: callers without credentials may use what asks for no scope',
} as const;

/** One screen: what runs, where, and a line to paste for each protocol. */
export function printBanner(facts: SystemFacts, output: Output): void {
  const dim = (text: string): string => output.style('dim', text);
  const row = (label: string, text: string): void =>
    output.line(`  ${dim(label.padEnd(15))}${text}`);
  output.line();
  output.line(
    `  ${output.style(['bold', 'green'], 'Polywire')} serves ${contractsText(facts.contracts)}`,
  );
  output.line();
  row('address', output.style('bold', facts.url));
  if (facts.unix !== undefined) row('Unix socket', facts.unix);
  row('authentication', AUTHENTICATION[facts.authentication]);
  row('data', facts.data ?? 'temporary');
  for (const protocol of facts.protocols) {
    if (protocol.try.length === 0) continue;
    output.line();
    output.line(`  ${output.style('bold', protocol.title)}`);
    for (const line of protocol.try) {
      output.line(`    ${dim(`# ${line.label}`)}`);
      output.line(`    ${line.command}`);
    }
  }
  output.line();
  output.line(dim('  Ctrl+C stops gracefully; again, at once.'));
  output.line();
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
