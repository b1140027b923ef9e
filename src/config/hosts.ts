import { BlockList, isIP } from 'node:net';

/** The address and port that are listened on unless others are given. */
export const defaultHost = '127.0.0.1';
export const defaultPort = 6001;

/**
 * The host that a client on this machine connects to when a server listens on `host`. No client can connect to an address
 * that means all interfaces.
 */
export function connectableHost(host: string): string {
  return ['', '0.0.0.0', '::'].includes(host) ? defaultHost : host;
}

/** The same as the host of a URL: IPv6 addresses are in brackets. */
export function urlHost(host: string): string {
  const connectable = connectableHost(host);
  return connectable.includes(':') ? `[${connectable}]` : connectable;
}

/** Whether only this machine reaches a host. A name that must be looked up first does not count as loopback. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
