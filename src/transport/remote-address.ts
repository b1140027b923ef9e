import { BlockList, isIP, SocketAddress } from 'node:net';

/** Whether an address is trusted. */
export type IsTrusted = (address: string) => boolean;

/** Trusts addresses and networks (`10.0.0.0/8`). Their form must have been checked. */
export function createTrust(networks: readonly string[]): IsTrusted {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

const isLoopbackAddress = createTrust(['127.0.0.0/8', '::1']);

/** Whether the peer with this address of 4 or 16 bytes is on this machine. */
export function isLoopbackPeer(bytes: Uint8Array): boolean {
  return isLoopbackAddress(formatAddress(bytes));
}

/**
 * The client's address. Each proxy appends the address of its caller to `X-Forwarded-For`, and everything further left was
 * written by that caller. So the list is read from the right, as long as the address is trusted. A value that is not an
 * address ends it.
 */
export function clientAddress(peer: string, forwardedFor: string, isTrusted: IsTrusted): string {
  const hops = forwardedFor.split(',');
  let client = peer;
  while (isTrusted(client)) {
    const caller = parseHop(hops.pop() ?? '');
    if (caller === undefined) return client;
    client = caller;
  }
  return client;
}

/** The text of an address of 4 or 16 bytes: IPv6 compressed, IPv4 inside IPv6 as IPv4; empty for other lengths. */
export function formatAddress(bytes: Uint8Array): string {
  // `join` is ten times slower, and this runs for every connection.
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (bytes.length !== 16) return '';
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return compress(groups.join(':'));
}

/** One entry of the list: an address, perhaps with a port, as some proxies write it. */
function parseHop(hop: string): string | undefined {
  const text = hop.trim();
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? address : compress(address);
}

function compress(ipv6: string): string {
  const { address } = new SocketAddress({ address: ipv6, family: 'ipv6' });
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** The family of a valid address. Node's own test for IPv6 takes 5 ms when it is first called. */
function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
