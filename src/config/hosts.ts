import { BlockList, isIP } from 'node:net';

/** The default address and port to listen on. */
export const defaultHost = '127.0.0.1';
export const defaultPort = 6001;

/** Whether only this machine can reach a host. Names other than localhost do not count, because they need a look-up. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
