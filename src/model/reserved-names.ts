/**
 * Names that no service of a contract may have, and the first segments that no declared HTTP path
 * may have, each with the reason: what the hub itself offers there would be hidden, or hide the
 * contract's own. They are the same on every hub, whatever it is configured to speak, so that a
 * contract that one accepts, all accept.
 */
export const RESERVED_NAMES: ReadonlyMap<string, string> = new Map([
  ['rpc', 'names that begin with "rpc." are for what the hub itself answers'],
  ['publish', 'messages are published at the addresses under /publish/'],
  ['streams', 'streams are looked at and managed at the addresses under /streams'],
  ['subscribe', 'messages are received from the addresses under /subscribe/'],
]);
