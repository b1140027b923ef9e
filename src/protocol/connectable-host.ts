/**
 * The host that a client on this machine connects to when a server listens on `host`. No client can connect to an address
 * that means all interfaces.
 */
export function connectableHost(host: string): string {
  return ['', '0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
}

/** The same as the host of a URL: IPv6 addresses are in brackets. */
export function urlHost(host: string): string {
  const connectable = connectableHost(host);
  return connectable.includes(':') ? `[${connectable}]` : connectable;
}
