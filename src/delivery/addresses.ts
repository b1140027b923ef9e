import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** An address in the form that node:net uses. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** IPv4 networks outside the public internet, from the IANA registry (RFC 6890), and a metadata service. */
const closedV4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local, including the metadata services of cloud providers.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // The metadata service of Azure, which looks like a public address.
  '168.63.129.16/32',
];

/** Networks within 2000::/3 that are not public: protocol assignments with Teredo, 6to4, documentation. Nothing outside it is public. */
const closedV6: readonly string[] = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const closed = blockList(closedV4, closedV6);
const publicV6 = blockList([], ['2000::/3']);
/** IPv4 addresses written as IPv6 addresses, and those that a NAT64 gateway translates: the last four bytes count. */
const mapped = blockList([], ['::ffff:0:0/96', '64:ff9b::/96']);

/** Whether a text is an address on the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !closed.check(address, 'ipv4');
  if (!isIPv6(address)) return false;
  if (mapped.check(address, 'ipv6')) return isPublicAddress(lastFourBytes(address));
  return publicV6.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}

/** The last four bytes of an IPv6 address, written as an IPv4 address. */
function lastFourBytes(address: string): string {
  // The zone is not part of the number. URL normalizes every notation to the shortest hexadecimal form.
  const [plain = ''] = address.split('%');
  const [high = '0', low = '0'] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split(':').slice(-2);
  const words = [high, low].map((word) => Number.parseInt(word || '0', 16));
  return words.flatMap((word) => [word >> 8, word & 255]).join('.');
}

function blockList(v4: readonly string[], v6: readonly string[]): BlockList {
  const list = new BlockList();
  const add = (networks: readonly string[], family: 'ipv4' | 'ipv6'): void => {
    for (const network of networks) {
      const [address = '', bits] = network.split('/');
      list.addSubnet(address, Number(bits), family);
    }
  };
  add(v4, 'ipv4');
  add(v6, 'ipv6');
  return list;
}
