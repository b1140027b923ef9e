import { BlockList, isIP } from 'node:net';

/** The address and port that are listened on unless others are given. */
export const defaultHost = '127.0.0.1';
export const defaultPort = 6001;

/** Whether only this machine reaches a host. A name that must be looked up first does not count as loopback. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
