import type { HubAddress, Protocol, ProtocolServer, TryLine } from '../hub/protocol.ts';
import type { Exchange } from '../hub/transport.ts';

/** A protocol that is served, and lines for people who want to try it. */
export interface ProtocolFacts {
  readonly name: string;
  readonly title: string;
  readonly try: readonly TryLine[];
}

export function protocolFacts(
  servers: readonly { readonly protocol: Protocol; readonly server: ProtocolServer }[],
  address: HubAddress,
): ProtocolFacts[] {
  return servers.map(({ protocol, server }) => ({
    name: protocol.name,
    title: protocol.title,
    try: server.tryIt(address),
  }));
}

/** All lines, under the name of their protocol. */
export function tryText(
  protocols: readonly ProtocolFacts[],
  style: (style: 'bold' | 'dim', text: string) => string = (_, text) => text,
): string {
  const lines: string[] = [];
  for (const protocol of protocols) {
    if (protocol.try.length === 0) continue;
    lines.push('', `  ${style('bold', protocol.title)}`);
    for (const { label, command } of protocol.try) {
      lines.push(`    ${style('dim', `# ${label}`)}`, `    ${command}`);
    }
  }
  return `${lines.join('\n')}\n\n`;
}

/** The address under which a request reached the hub; `own` where it does not say. */
export function addressOf(exchange: Exchange, own: HubAddress): HubAddress {
  const url = `${exchange.peer.secure ? 'https' : 'http'}://${exchange.authority}`;
  if (exchange.authority === '' || !URL.canParse(url)) return own;
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? 443 : 80;
  return { url, host: hostname, port: port === '' ? usual : Number(port), unix: own.unix };
}
