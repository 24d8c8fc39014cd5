import type { LocalAddress } from '../../hub/transport.ts';
import type { Address } from './context.ts';

/** What is told where neither the option nor the connection has an address (Unix sockets). */
const FALLBACK: Address = { host: 'localhost', port: 9092 };

/** Where clients are told to connect: as configured, else where this one reached us.
 * @param configured `host:port`, IPv6 hosts in brackets */
export function advertisedAddress(
  configured: string | undefined,
  local: LocalAddress | undefined,
): Address {
  if (configured !== undefined) {
    const colon = configured.lastIndexOf(':');
    const host = configured.slice(0, colon).replace(/^\[|\]$/g, '');
    return { host, port: Number(configured.slice(colon + 1)) };
  }
  if (local === undefined) return FALLBACK;
  return { host: plainAddress(local.address), port: local.port };
}

/** IPv4 addresses come in the form of IPv6 where both are listened to. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
