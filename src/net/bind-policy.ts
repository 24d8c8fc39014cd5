/** Whether only programs on this machine can reach the address. */
export function isLoopbackAddress(host: string): boolean {
  const name = host.toLowerCase();
  return (
    name === 'localhost' ||
    name === '::1' ||
    name === '[::1]' ||
    /^127(\.[0-9]{1,3}){3}$/.test(name)
  );
}

/**
 * A hub that anybody on the network can call without saying who they are is a mistake more often
 * than a wish.
 * @throws Error with an explanation
 */
export function checkBind(host: string, authenticated: boolean, insecure: boolean): void {
  if (authenticated || insecure || isLoopbackAddress(host)) return;
  throw new Error(
    `Refusing to listen on ${host === '' ? 'all addresses' : host}: others than this machine could call the hub, and no authentication is configured. ` +
      'Configure authentication, or listen on 127.0.0.1, or set listen.insecure: true (--insecure) if everybody who can reach this address may do everything.',
  );
}
